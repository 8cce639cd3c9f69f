"""How gunicorn serves the site: it finds this file by its name. Options on its command line win.

The master imports the settings here, and workers inherit them: an upgrade needs a restart, SIGHUP is not enough.
"""

import os
from threading import Thread

from django.conf import settings
from django.utils import timezone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digest_site.settings")

bind = "127.0.0.1:8000"
worker_class = "gthread"
threads = 4
timeout = 60
graceful_timeout = 30
# A worker that leaks is replaced before anybody notices.
max_requests = 2000
max_requests_jitter = 500
control_socket_disable = True
# Its own access log would hold readers' links and interests; digest_site.request_ids writes ours.
accesslog = None
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": settings.LOGGING["formatters"],
    "handlers": settings.LOGGING["handlers"],
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "gunicorn.error": {"handlers": ["console"], "propagate": False},
        "gunicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
        # Warns of every HEAD: Django leaves it to the server to drop the body.
        "gunicorn.http.wsgi": {"level": "ERROR"},
    },
}


def post_worker_init(worker: object) -> None:
    """Have the newest papers in memory before the first visitor tries interests out."""
    from subscriptions import recent  # noqa: PLC0415 -- apps are loaded by now, and not before

    Thread(target=recent.warm, args=(timezone.now(),), name="warm", daemon=True).start()
