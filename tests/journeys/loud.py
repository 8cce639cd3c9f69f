"""The product's settings with every logger at DEBUG, for the test that nothing personal is ever logged."""

from digest_site.settings import *  # noqa: F403 -- everything else is as it is
from digest_site.settings import LOGGING

LOGGING["root"] = {"handlers": ["console"], "level": "DEBUG"}
LOGGING["loggers"] = {name: {**logger, "level": "DEBUG"} for name, logger in LOGGING["loggers"].items()}
