"""The one text-hygiene function for everything that comes from outside. Nothing here knows markup:
parsers have already decoded entities, and templates escape."""

import re
import unicodedata
from urllib.parse import urlsplit

MAX_TITLE = 500
MAX_ABSTRACT = 10_000
MAX_NAME = 200
MAX_URL = 500

# Cc, surrogates, bidi controls, line and paragraph separators, the byte order mark, non-characters.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufdd0-\ufdef"
    "\ufff9-\ufffb\ud800-\udfff" + "".join(chr(p * 0x10000 + low) for p in range(17) for low in (0xFFFE, 0xFFFF)) + "]"
)
_SPACE = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]+")
_URL_SCHEMES = frozenset({"http", "https"})


def clean(value: str, max_length: int = MAX_ABSTRACT) -> str:
    """Make text from outside safe to store, to print in a header and to compare.

    Removes control, bidirectional, surrogate and non-characters (STANDARDS M09), folds every run of
    white space into one blank, composes to NFC and cuts to `max_length` characters.
    `clean(clean(x)) == clean(x)` for every string.
    """
    text = _SPACE.sub(" ", _FORBIDDEN.sub("", value))
    return unicodedata.normalize("NFC", text).strip()[:max_length].rstrip()


def clean_url(value: str) -> str:
    """Return the address if it is absolute http(s) without credentials, else "" (STANDARDS A11)."""
    url = clean(value, MAX_URL + 1)
    if len(url) > MAX_URL or any(c in url for c in " <>\"'\\`"):
        return ""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 -- raises on a port that is none
    except ValueError:
        return ""
    if parts.scheme not in _URL_SCHEMES or not parts.hostname or parts.username is not None:
        return ""
    return url
