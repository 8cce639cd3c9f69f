from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    name = "subscriptions"

    def ready(self) -> None:
        from subscriptions import checks  # noqa: F401, PLC0415 -- registers them, once settings are there
