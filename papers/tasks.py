"""Celery tasks: they translate, nothing more."""
