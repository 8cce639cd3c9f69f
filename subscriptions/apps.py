from anymail.signals import tracking as told
from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    name = "subscriptions"

    def ready(self) -> None:
        # Once settings and models are there; the checks register themselves.
        from subscriptions import checks, tracking  # noqa: F401, PLC0415

        told.connect(tracking.on_event, dispatch_uid="subscriptions.tracking")
