from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save


class PapersConfig(AppConfig):
    name = "papers"

    def ready(self) -> None:
        post_save.connect(_remember, sender="papers.Paper", dispatch_uid="papers.remember")


def _remember(*, instance: Any, raw: bool, **_: Any) -> None:
    """Papers saved one by one, as editors do; what sources bring goes in in bulk (see papers.ingest)."""
    from papers.search.stored import remember  # noqa: PLC0415 -- models can be imported only once apps are ready

    if not raw:
        remember([instance])
