"""What the domain name system says of our sender: without these records, large mailbox providers refuse bulk mail."""

from collections.abc import Callable, Iterator
from datetime import datetime

import dns.exception
import dns.resolver
from django.conf import settings

from digest_site.doctor.findings import Finding, failed, not_checked, ok, warning
from digest_site.doctor.post import leaves_the_house
from subscriptions.message import parse_address

PATIENCE = 5.0  # seconds for one question


class NoAnswer(Exception):
    """Nobody to ask, or no answer in time."""


# A name and a record type → the records; None where the name does not exist at all.
Ask = Callable[[str, str], list[str] | None]


def resolve(name: str, kind: str) -> list[str] | None:
    """Ask the machine's own resolver. Raises NoAnswer."""
    try:
        answer = dns.resolver.resolve(f"{name}.", kind, lifetime=PATIENCE)
    except dns.resolver.NXDOMAIN:
        return None
    except dns.resolver.NoAnswer:
        return []
    except (dns.exception.DNSException, OSError) as error:
        raise NoAnswer(type(error).__name__) from error
    if kind == "TXT":
        return [b"".join(each.strings).decode("utf-8", "replace") for each in answer]
    return [each.to_text() for each in answer]


def examine_names(now: datetime, ask: Ask = resolve) -> Iterator[Finding]:
    if not leaves_the_house():
        yield not_checked("DNS", "mail does not leave this machine")
        return
    sender, bounce, reply = (
        parse_address(value).domain
        for value in (settings.DEFAULT_FROM_EMAIL, settings.BOUNCE_EMAIL, settings.REPLY_TO_EMAIL)
    )
    for examine, domain in ((_spf, bounce), (_dkim, sender), (_dmarc, sender), (_mx, reply)):
        try:
            yield examine(domain, ask)
        except NoAnswer as error:
            name = examine.__name__.strip("_").upper()
            yield not_checked(name, f"{domain}: no answer ({error})", "ask again where names can be looked up")


def _spf(domain: str, ask: Ask) -> Finding:
    """RFC 7208. It is judged at the envelope's domain; a provider that has a domain of its own there needs none."""
    found = [text for text in ask(domain, "TXT") or [] if text.lower().split(" ")[0] == "v=spf1"]
    own = settings.ANYMAIL_PROVIDER == "none"
    if len(found) > 1:
        return failed("SPF", f"{domain} has {len(found)} records, so none counts", "merge them into one")
    if not found:
        judge = failed if own else warning
        return judge("SPF", f"{domain} has no record", "publish one that names the servers which send for you")
    if "+all" in found[0].split() or "all" in found[0].split():
        return failed("SPF", f"{domain} lets everybody send", "end the record with -all or ~all")
    return ok("SPF", f"{domain}: {found[0][:200]}")


def _dkim(domain: str, ask: Ask) -> Finding:
    """RFC 6376. Selectors cannot be listed, but a name with something below it exists (RFC 8020)."""
    if ask(f"_domainkey.{domain}", "TXT") is None:
        hint = "publish the key that your mail server or provider signs with"
        return failed("DKIM", f"there is no key below _domainkey.{domain}", hint)
    return ok("DKIM", f"there are keys below _domainkey.{domain}")


def _dmarc(domain: str, ask: Ask) -> Finding:
    """RFC 7489: at the domain itself, else at its parent."""
    for place in (domain, domain.partition(".")[2]):
        if "." not in place:
            continue
        found = [text for text in ask(f"_dmarc.{place}", "TXT") or [] if text.lower().startswith("v=dmarc1")]
        if len(found) > 1:
            return failed("DMARC", f"_dmarc.{place} has {len(found)} records, so none counts", "leave one")
        if found:
            return ok("DMARC", f"_dmarc.{place}: {found[0][:200]}")
    return failed("DMARC", f"{domain} has no record", f'publish _dmarc.{domain} TXT "v=DMARC1; p=none"')


def _mx(domain: str, ask: Ask) -> Finding:
    if ask(domain, "MX"):
        return ok("MX", f"{domain} takes mail")
    return failed(
        "MX", f"{domain} takes no mail", "readers who answer get an error: set REPLY_TO_EMAIL to a real mailbox"
    )
