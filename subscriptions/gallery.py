"""Every mail with the cases that are hard to set, from invented papers: nothing stored is read or written."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from papers.models import Paper
from subscriptions.account_mails import LIST_MAIL, brief
from subscriptions.digest_links import Wishes
from subscriptions.issue import Addresses, fill_digest
from subscriptions.message import Message
from subscriptions.models import Delivery, Digest, DigestItem, Interest
from subscriptions.parts import fill
from subscriptions.preferences import Preferences
from subscriptions.sunsetting import GRACE
from subscriptions.wording import lifetime

NOW = datetime(2026, 8, 12, 7, tzinfo=UTC)
ABSTRACT = (
    "An invented sample paper. Networks trained on sparse parity generalise late, long after they fit their training "
    "set. We follow every weight through that moment and find a phase transition, e.g. in the rank of the first "
    "layer. Whoever knows that rank can say within two hundred steps when generalisation comes. The same holds for "
    "modular arithmetic, not for permutations, and we say why. Code and all four thousand runs are published. "
    "Four more tasks, from sorting to chess endings, show that the rank drops in steps: each step is one rule the "
    "network has found. A last sentence stands here so that the abstract is longer than a mail shows of it: nobody "
    "who reads the mail will ever see it."
)
CHINESE = "这是一篇虚构的样本论文。我们研究大规模语言模型的推理能力，并说明推理何时出现。" * 30
ARABIC = "ورقة نموذجية مختلقة. ندرس كيف تتعلم الشبكات العميقة متأخرة، ونبيّن متى يحدث ذلك ولماذا."


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    message: Message


@dataclass(frozen=True, kw_only=True)
class _Sample:
    """A digest of rows in memory."""

    title: str
    papers: list[Paper]
    trending: list[Paper] = field(default_factory=list)
    interests: tuple[str, ...] = ("grokking", '"state space model"', "retrieval augmented generation", "-survey")
    facts: dict[str, Any] = field(default_factory=dict)
    announcements: tuple["_Announcement", ...] = ()


@dataclass(frozen=True)
class _Announcement:
    html: SafeString
    text: str


def cases() -> Iterator[Case]:
    """Digests first, then the mails about a subscription."""
    for name, sample in _digests().items():
        yield Case(name, sample.title, _digest_message(name, sample))
    for kind in Delivery.Kind:
        if kind != Delivery.Kind.DIGEST:
            yield Case(kind.value, f"About the subscription: {kind.label}", _account_message(kind))


def _account_message(kind: str) -> Message:
    context = {"link": _address("m"), "lifetime": lifetime(timedelta(hours=72)), "unsubscribe": _address("u")}
    if kind not in LIST_MAIL:
        return _message(kind, settings.ACCOUNT_FROM_EMAIL, **fill(kind, context))
    context |= {"keep": _address("k"), "grace": lifetime(GRACE)} if kind == Delivery.Kind.STILL_WANTED else _welcome()
    return _message(kind, settings.DEFAULT_FROM_EMAIL, unsubscribe_url=_address("u"), **fill(kind, context))


def _welcome() -> dict[str, Any]:
    return {
        "rhythm": Preferences(zone="Europe/Berlin").rhythm,
        "max_papers": 10,
        "interests": ["grokking", '"state space model"'],
        "muted": ["survey"],
        "papers": [brief(_paper(1), ["grokking"]), brief(_hard()[0], ["grokking"]), brief(_paper(2), ["state space"])],
        "more": 3,
    }


def _digests() -> dict[str, _Sample]:
    failed = "arXiv could not be read for 11 August: what it announced may be missing here."
    return {
        "ordinary": _Sample(
            title="Six papers, a pick, an announcement, and what trends beside",
            papers=[_paper(number) for number in range(1, 7)],
            trending=[_paper(7, votes=412, comments=31), _paper(8, votes=377), _paper(9, votes=120, authors=[])],
            announcements=(_ANNOUNCEMENT,),
        ),
        "one": _Sample(title="One paper only", papers=[_paper(1, votes=0)]),
        "fifty": _Sample(title="Fifty papers with long abstracts", papers=[_long(number) for number in range(1, 51)]),
        "hard": _Sample(title="What is hard to set", papers=_hard(), facts={"notices": [failed], "sources_current": 1}),
        "trending": _Sample(
            title="A reader without interests", papers=[], trending=[_paper(n) for n in (1, 2)], interests=()
        ),
        "quiet": _Sample(
            title="A quiet day",
            papers=[],
            facts={"reason": "214 new papers came in, but none matches your interests.", "notices": [failed]},
        ),
    }


_ANNOUNCEMENT = _Announcement(
    mark_safe(
        "<p>The archive now reaches back to <strong>2019</strong>: "
        '<a href="https://arxiv.org/list/cs.LG/recent" rel="noopener noreferrer">look around</a>.</p>'
    ),
    "The archive now reaches back to 2019: look around (https://arxiv.org/list/cs.LG/recent).",
)
_TITLES = (
    "Grokking in Sparse Parity Is a Phase Transition",
    "Ebb: State-Space Models That Forget on Schedule",
    "Retrieval-Augmented Generation for Parish Registers",
    "How Late Is Late? Delayed Generalisation in Small Transformers",
    "Loom: Weaving Retrieval and Generation One Clause at a Time",
    "Forgetting Curves of Selective State Space Models",
    "Harbour: A Benchmark of Tides",
    "Small Robots That Ask Before They Lift",
    "On the Shape of Loss",
)
_TERMS = (
    [("grokking", "Grokking")],
    [('"state space model"', "State-Space Models")],
    [("retrieval augmented generation", "Retrieval-Augmented Generation"), ("grokking", "delayed generalisation")],
)


def _paper(number: int, **fields: Any) -> Paper:
    values: dict[str, Any] = {
        "pk": number,
        "arxiv_id": f"2608.{number:05}",
        "title": _TITLES[(number - 1) % len(_TITLES)],
        "abstract": ABSTRACT,
        "authors": ["Wilhelmina Tāne", "Oluwaseun Fjeldsted", "Graciela Nakpil", "Manaia Rousseau-Kim"],
        "author_count": 3 + number,
        "organisation_name": "Saltmarsh University (sample)" if number % 2 else "",
        "published_on": date(2026, 8, 11),
        "votes": 17 * number,
        "comments": number % 3,
        "code_url": "https://code.example.org/sample" if number % 2 else "",
        "is_pinned": number == 2,
        "pick_note": "The clearest account of forgetting we have read this year." if number == 2 else "",
    }
    return Paper(**values | fields)


def _long(number: int) -> Paper:
    return _paper(number, title=f"样本 {number}：大规模语言模型的推理", abstract=CHINESE, authors=["张示例", "李样本"])


def _hard() -> list[Paper]:
    hebrew = "שלום: כותרת מימין לשמאל (grokking)"
    return [
        _paper(1, title=hebrew, abstract=ARABIC, authors=["נועה דוגמה", "ליאור מדגם"], author_count=2),
        _paper(2, title="Rates of $\\mathcal{O}(\\sqrt{n})$ & <T> for \\emph{all} $\\alpha < \\beta$", is_pinned=False),
        _paper(3, title="👩‍🔬🧪 Emoji, e\u0301 and 🇪🇺: a Sample 🎉", comments=1),
        _paper(4, title="A Collaboration of Many", author_count=664),
        _paper(5, title="Thinking Aloud", abstract=f"<think>No, wait.</think> &amp; <b>not bold</b>. {ABSTRACT}"),
        _paper(6, title="No Abstract, No Authors, No Votes", abstract="", authors=[], author_count=0, votes=0),
        _paper(7, title="Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2),
        _paper(8, title="No arXiv Id Yet", arxiv_id=None),
    ]


def _digest_message(name: str, sample: _Sample) -> Message:
    digest = Digest(
        edition=NOW.date(),
        **{"considered": 214, "matched": len(sample.papers), "sources": 2, "sources_current": 2} | sample.facts,
    )
    items = [_item(paper, DigestItem.Section.MATCHED) for paper in sample.papers]
    items += [_item(paper, DigestItem.Section.TRENDING) for paper in sample.trending]
    interests = [Interest(text=text.lstrip("-"), is_muted=text.startswith("-")) for text in sample.interests]
    issue = fill_digest(digest, items, interests, _addresses(), sample.announcements)
    return _message(name, settings.DEFAULT_FROM_EMAIL, unsubscribe_url=_address("u"), **issue._asdict())


def _item(paper: Paper, section: str) -> DigestItem:
    found = _TERMS[paper.pk % len(_TERMS) - 1] if section == DigestItem.Section.MATCHED else []
    reasons = [{"interest": interest, "terms": [term]} for interest, term in found]
    return DigestItem(paper=paper, section=section, reasons=reasons, alike=_paper(6) if paper.pk == 2 else None)


def _message(name: str, sender: str, **parts: Any) -> Message:
    return Message(key=f"gallery-{name}", sender=sender, to="reader@example.org", sent_at=NOW, **parts)


def _addresses() -> Addresses:
    return Addresses(
        preferences=_address("m"),
        unsubscribe=_address("u"),
        digest=_address("v"),
        pause=_address("p"),
        feedback=lambda paper: Wishes(f"{_address('f')[:-2]}{paper:02}/more", f"{_address('f')[:-2]}{paper:02}/less"),
    )


def _address(door: str) -> str:
    """As long as a real one, and opening nothing."""
    secret = "ExampleExampleExampleX" if door in "acmu" else "ExampleExampleExampleExampleExampleX"
    return f"{settings.SITE_URL}/{door}/{secret}"
