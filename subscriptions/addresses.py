"""Mail addresses: what is accepted, what is stored, what is counted, what is shown. No DNS, no database."""

import re

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from subscriptions.models.subscriber import MAX_EMAIL

# Google delivers all spellings to one mailbox: https://support.google.com/mail/answer/7436150
_DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
_SEVERAL = re.compile(r"@.*[,;\s].*@", re.DOTALL)


class AddressError(ValueError):
    """Why this is no address we can write to, in words for the person who typed it."""


def parse(text: str) -> str:
    """The form that is stored and sent to: local part as typed, domain as an IDNA 2008 A-label (STANDARDS M40, S20).

    Refused are local parts beyond ASCII, quoted ones, IP literals, names without a dot, display names and
    lists of addresses. `parse(parse(x)) == parse(x)`.
    """
    if len(text) > MAX_EMAIL:
        raise AddressError(_too_long())
    if _SEVERAL.search(text):
        raise AddressError(_("Write one address only."))
    if "<" in text or ">" in text:
        raise AddressError(_("Write the address alone, without a name and without < and >."))
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as error:
        raise AddressError(_explain(text, str(error))) from None
    address = f"{found.local_part}@{found.ascii_domain}"
    if len(address) > MAX_EMAIL:
        raise AddressError(_too_long())
    return address


def canonical(address: str) -> str:
    """One key for all spellings of a mailbox, for counting only: never stored as an address, never sent to.

    Lower case, without a `+tag`, at Gmail without dots (STANDARDS S18).
    """
    local, _at, domain = address.lower().rpartition("@")
    local = local.split("+", 1)[0] or local
    if domain in _DOTLESS:
        local, domain = local.replace(".", "") or local, _DOTLESS[domain]
    return f"{local}@{domain}"


def domain_of(address: str) -> str:
    return address.lower().rpartition("@")[2]


def is_refused(address: str) -> bool:
    """Whether its domain, or one that it lies below, is on the operator's list (STANDARDS A07)."""
    labels = domain_of(address).split(".")
    return any(".".join(labels[start:]) in settings.REFUSED_DOMAINS for start in range(len(labels)))


def masked(address: str) -> str:
    """Enough for its owner to know it again: a…@example.org."""
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def _explain(text: str, reason: str) -> str:
    if "@" not in text:
        return _("An address has an @ in it, such as ada@example.org.")
    if not text.rpartition("@")[0].isascii():
        return _("Before the @ only unaccented letters, digits and signs such as . + - _ can be delivered.")
    refused = _("This is not an address we can write to.")
    # The library gives its reasons in English only.
    return f"{refused} {reason}" if (get_language() or "en").startswith("en") else refused


def _too_long() -> str:
    return _("This address is too long: at most %(most)d characters can be delivered.") % {"most": MAX_EMAIL}
