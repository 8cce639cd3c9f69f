"""Django's SMTP backend, which also tells whether a message's content had begun to leave.

The same SMTPServerDisconnected is raised before and after the server could have accepted the message
(STANDARDS D10); only the conversation itself knows which it was.
"""

import smtplib
from typing import Any, cast

from django.core.mail.backends import smtp

# "Start mail input", the answer to DATA alone: https://www.rfc-editor.org/rfc/rfc5321#section-4.2.3
GO_ON = 354


class _Phased:
    """Mixed into smtplib's classes: `in_doubt` is True from the answer to DATA until the next message begins."""

    in_doubt = False

    def mail(self, *args: Any, **kwargs: Any) -> Any:
        self.in_doubt = False
        return super().mail(*args, **kwargs)  # type: ignore[misc]

    def getreply(self) -> tuple[int, bytes]:
        code, text = super().getreply()  # type: ignore[misc]
        if code == GO_ON:
            self.in_doubt = True
        return code, text


class PhasedSMTP(_Phased, smtplib.SMTP):
    pass


class PhasedSMTPS(_Phased, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    """`in_doubt` after an error: the server may have accepted the message."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return PhasedSMTPS if self.use_ssl else PhasedSMTP

    @property
    def in_doubt(self) -> bool:
        return self.connection is None or cast("_Phased", self.connection).in_doubt
