"""Keep links that open somebody's subscription out of the log (STANDARDS A25)."""

import logging
import re

_LINK = re.compile(r"(/[acmu]/)[A-Za-z0-9_-]+")


class HideLinks(logging.Filter):
    """Django logs the path of every answer from 400 on, and ours may hold a token."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if _LINK.search(message):
            record.msg, record.args = _LINK.sub(r"\1…", message), ()
        return True
