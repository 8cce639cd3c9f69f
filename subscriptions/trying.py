"""Try interests out before anybody subscribes: the digest they would have brought, and what to ask for instead.

The digest is made by the code that makes every digest, from the papers of the last 7 days.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.utils.translation import get_language, ngettext

from papers.search.index import Matches
from papers.search.query import Query, parse
from papers.search.suggesting import narrower, respelt, wider
from subscriptions import keywords
from subscriptions.composing import compose_preview
from subscriptions.drafting import Draft
from subscriptions.keywords import Keyword
from subscriptions.recent import Recent

# More than most readers want of one thing, and twice what a digest holds unless they ask for more.
FLOOD_A_DAY = 20
MAX_IDEAS = 3
# A narrower keyword that brings less than this part is another subject, one that brings more is no narrower.
NARROWER = (0.03, 0.65)
# Beyond so many keywords that need it, advice would be a page of its own, and cost as much.
MAX_ADVISED = 3
# What strangers asked for is kept for a while: most ask for the same, and a reader corrects one word at a time.
_TRIALS = 200
_CONDITIONS = 4_000
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Idea:
    """Another keyword, and how many papers of the week, or of the whole reach, it would have brought."""

    text: str
    papers: int


@dataclass(frozen=True)
class Tried:
    """One keyword. `daily` counts the week's papers day by day, the newest last."""

    keyword: Keyword
    daily: Sequence[int]
    reach: int
    ideas: Sequence[Idea] = ()

    @property
    def week(self) -> int:
        return sum(self.daily)

    @property
    def a_day(self) -> float:
        return self.week / len(self.daily)

    @property
    def rate(self) -> str:
        return _rate(self.week, len(self.daily))

    @property
    def is_silent(self) -> bool:
        return not self.reach

    @property
    def is_flood(self) -> bool:
        return not self.keyword.is_muted and self.a_day > FLOOD_A_DAY

    @property
    def bars(self) -> list[tuple[int, int, int]]:
        """x, y and height of a small chart of the days, 20 high."""
        most = max(self.daily) or 1
        heights = [round(20 * papers / most) if papers else 1 for papers in self.daily]
        return [(6 * day, 20 - height, height) for day, height in enumerate(heights)]


@dataclass(frozen=True)
class Trial:
    """What some keywords would have brought. `days` of papers make the digest, `reach` days the advice."""

    draft: Draft
    tried: Sequence[Tried]
    days: int
    reach: int

    @property
    def papers(self) -> int:
        assert self.draft.digest is not None  # noqa: S101 -- a preview always has one
        return self.draft.digest.matched

    @property
    def considered(self) -> int:
        assert self.draft.digest is not None  # noqa: S101 -- the same
        return self.draft.digest.considered

    @property
    def rate(self) -> str:
        return _rate(self.papers, self.days)


_trials: OrderedDict[tuple[datetime, tuple[Keyword, ...], int, str | None], Trial] = OrderedDict()


def try_out(wanted: Sequence[Keyword], recent: Recent, *, max_papers: int) -> Trial:
    """The digest of these keywords. One at a time in a process: the index remembers what it finds."""
    key = recent.end, tuple(wanted), max_papers, get_language()
    with recent.lock:
        if key not in _trials:
            _trials[key] = _try(wanted, recent, max_papers)
            while len(_trials) > _TRIALS:
                _trials.popitem(last=False)
        _trials.move_to_end(key)
        return _trials[key]


def forget() -> None:
    _trials.clear()


def _try(wanted: Sequence[Keyword], recent: Recent, max_papers: int) -> Trial:
    if recent.window.index.remembered > _CONDITIONS:
        recent.window.forget()
    draft = compose_preview(wanted, recent.window, recent.end, since=recent.since, max_papers=max_papers)
    tried = [_count(keyword, recent) for keyword in wanted]
    advised = {one.keyword for one in islice(filter(_needs_advice, tried), MAX_ADVISED)}
    tried = [_advise(one, recent) if one.keyword in advised else one for one in tried]
    draft.items  # noqa: B018 -- worked out here, under the lock
    return Trial(draft, tried, recent.digest_days, recent.days)


def _rate(papers: int, days: int) -> str:
    """In words: so many a day, or where that is less than one, so many in all these days."""
    if papers < days:
        shown = ngettext("%(papers)d in %(days)d day", "%(papers)d in %(days)d days", days)
        return shown % {"papers": papers, "days": days}
    a_day = round(papers / days)
    return ngettext("about %(papers)d a day", "about %(papers)d a day", a_day) % {"papers": a_day}


def _needs_advice(tried: Tried) -> bool:
    return tried.is_silent or tried.is_flood


def _count(keyword: Keyword, recent: Recent) -> Tried:
    found = _answer(parse(keyword.text), recent)
    ages = Counter(map(recent.ages.__getitem__, found))
    return Tried(keyword, [ages[age] for age in reversed(range(recent.digest_days))], len(found))


def _advise(tried: Tried, recent: Recent) -> Tried:
    query = parse(tried.keyword.text)
    if tried.is_silent:
        candidates = [*islice(respelt(query, recent.window.index), MAX_IDEAS), *wider(query)]
        ideas = sorted(_ideas(candidates, recent), key=lambda idea: candidates.index(idea.text))
    else:
        positions = list(_answer(query, recent))
        least, most = (part * len(positions) for part in NARROWER)
        found = _ideas(narrower(query, recent.window.index, positions), recent)
        ideas = sorted((idea for idea in found if least < idea.papers < most), key=lambda idea: -idea.papers)
    return Tried(tried.keyword, tried.daily, tried.reach, ideas[:MAX_IDEAS])


def _ideas(candidates: Iterable[str], recent: Recent) -> Iterator[Idea]:
    """Those candidates that can be typed as a keyword and would find something."""
    for text in dict.fromkeys(candidates):
        try:
            keyword = keywords.read_one(text)
        except ValueError:
            continue
        if found := len(_answer(parse(keyword.text), recent)):
            yield Idea(text, found)


def _answer(query: Query, recent: Recent) -> Matches:
    return recent.window.answers([query])[query.normal]
