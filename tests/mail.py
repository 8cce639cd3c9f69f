"""Mail backends that behave as told: fakes for a provider."""

from collections.abc import Callable
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

Answer = Callable[[EmailMessage], None] | BaseException | None


class ScriptedBackend(BaseEmailBackend):
    """Accepts every message, except where `answers` holds something for its recipient.

    An exception is raised; a function is called with the message first. What was accepted stands in
    `accepted`, as a provider's own ledger would have it.
    """

    accepted: list[EmailMessage] = []
    calls: list[str] = []
    answers: dict[str, Answer] = {}
    refuse_to_open: BaseException | None = None
    in_doubt = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    @classmethod
    def reset(cls) -> None:
        cls.accepted, cls.calls, cls.answers, cls.refuse_to_open = [], [], {}, None

    def open(self) -> bool:
        if self.refuse_to_open is not None:
            raise self.refuse_to_open
        return True

    def send_messages(self, email_messages: list[EmailMessage]) -> int:
        for message in email_messages:
            self._take(message)
        return len(email_messages)

    def _take(self, message: EmailMessage) -> None:
        self.calls.append(message.to[0])
        answer = self.answers.get(message.to[0])
        if isinstance(answer, BaseException):
            raise answer
        if answer is not None:
            answer(message)
        self.accepted.append(message)
