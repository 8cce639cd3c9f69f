"""The WSGI entry point: `gunicorn digest_site.wsgi`."""

import os

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digest_site.settings")


class Request(WSGIRequest):
    """Read as UTF-8, whatever charset it names: our pages send no other, and a stranger may name any of Python's
    codecs. Some read no text; Django's own class cannot even be made then."""

    @property
    def encoding(self) -> None:
        return None

    @encoding.setter
    def encoding(self, named: str | None) -> None:
        pass


class Application(WSGIHandler):
    request_class = Request


django.setup(set_prefix=False)
application = Application()
