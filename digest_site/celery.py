"""The Celery app. Its settings and the beat schedule stand in settings.py, the tasks in the two apps."""

import os
from pathlib import Path

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digest_site.settings")

TRANSPORT_ALIASES["filesystem"] = "digest_site.folder:Transport"

app = Celery("paper_round")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

for _name, _folder in (app.conf.broker_transport_options or {}).items():
    if _name.endswith(("_in", "_out", "_folder")):
        Path(_folder).mkdir(parents=True, exist_ok=True)
