"""Report errors to Sentry, where SENTRY_DSN says so: the place and the kind of an error, never a reader's data."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from digest_site.logs import mask

# What may leave of a request. Its route is the event's "transaction".
_REQUEST = frozenset({"method"})


def start(dsn: str, environment: str) -> None:
    try:
        import sentry_sdk  # noqa: PLC0415 -- optional dependency
    except ImportError as error:
        raise ImproperlyConfigured(
            "SENTRY_DSN needs Sentry's client: pip install --require-hashes -r requirements-sentry.txt"
        ) from error
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=scrub,
    )


def scrub(event: Any, hint: Any) -> Any:
    """Take from an event what could name a reader or hold what they asked for."""
    for name in ("user", "breadcrumbs", "extra", "server_name", "modules"):
        event.pop(name, None)
    if "request" in event:
        event["request"] = {name: value for name, value in event["request"].items() if name in _REQUEST}
    contexts = event.get("contexts", {})
    event["contexts"] = {name: contexts[name] for name in ("trace", "runtime") if name in contexts}
    return _mask(event)


def _mask(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {name: _mask(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_mask(item) for item in value]
    return value
