"""Paper Round's project package: wiring only."""

from digest_site.celery import app as celery_app

__all__ = ["celery_app"]
