"""The numbers of a digest in words: its heading, and the sentence that says how it came about. Pure."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from subscriptions.models import Digest
from subscriptions.wording import count_of, number


def heading_of(matched: int, trending: int) -> str:
    """ "6 new papers"; those that trend beside them are an extra."""
    if matched:
        return count_of(matched, ngettext("%(count)s new paper", "%(count)s new papers", matched))
    return count_of(trending, ngettext("%(count)s trending paper", "%(count)s trending papers", trending))


def summary_of(digest: Digest, matched: int, trending: int) -> str:
    """ "6 of 214 new papers match; 2 sources, all current." """
    new = count_of(digest.considered, ngettext("%(count)s new paper", "%(count)s new papers", digest.considered))
    clauses = [_matching(digest.matched, new, matched)] if matched else [_("the most voted of %(new)s") % {"new": new}]
    if matched and trending:
        beside = ngettext("%(count)s more is trending", "%(count)s more are trending", trending)
        clauses.append(count_of(trending, beside))
    if digest.sources:
        clauses.append(_sources(digest.sources, digest.sources_current))
    text = "; ".join(clauses)
    return f"{text[0].upper()}{text[1:]}."


def _matching(matched: int, new: str, shown: int) -> str:
    form = ngettext("%(matched)s of %(new)s matches", "%(matched)s of %(new)s match", matched)
    text = form % {"matched": number(matched), "new": new}
    if matched <= shown:
        return text
    best = ngettext("here is the best one", "here are the best %(count)s", shown)
    return f"{text}; {count_of(shown, best)}"


def _sources(read: int, current: int) -> str:
    text = count_of(read, ngettext("%(count)s source", "%(count)s sources", read))
    if read == current:
        state = _("current") if read == 1 else _("all current")
    else:
        missing = read - current
        state = count_of(missing, ngettext("%(count)s not current", "%(count)s not current", missing))
    return f"{text}, {state}"
