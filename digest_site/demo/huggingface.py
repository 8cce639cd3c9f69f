"""The sample papers as huggingface.co shows them: the JSON of its API and its page. Invented content only."""

import hashlib
import html
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from digest_site.demo.samples import Sample

_MARK_UP = """<!DOCTYPE html><html><head>
<meta charset="utf-8">
<title>Daily Papers - sample upstream</title>
</head>
<body class="DailyPapersPage"><!--[-->
<div class="SVELTE_HYDRATER contents" data-target="DailyPapersBannerSubscribe" data-props="{}"></div>
<main><div class="SVELTE_HYDRATER contents" data-target="DailyPapers" data-props="%(props)s"><section>
<h1>Invented sample papers of %(day)s</h1>
%(cards)s
</section></div></main><!--]--></body></html>
"""
_CARD = '<article><h3><a href="/papers/%(id)s">%(title)s</a></h3><div role="checkbox">%(votes)s</div></article>'


def shown_on(number: int, samples: Sequence[Sample]) -> list[Sample]:
    """Papers of the day with that number, most votes first, as the site orders them."""
    shown = [s for s in samples if s.huggingface and number in {s.day, *s.also}]
    return sorted(shown, key=lambda s: (-_votes(s), s.id))


def api(samples: Sequence[Sample], day: date) -> bytes:
    """One page of /api/daily_papers."""
    return json.dumps([_item(sample, day) for sample in samples], ensure_ascii=False).encode()


def page(samples: Sequence[Sample], day: date) -> bytes:
    """/papers/date/<day>: everything in one island, the cards being a copy for the eye."""
    props = {
        "canSubmit": False,
        "dateString": day.isoformat(),
        "dailyPapers": [_item(sample, day) | {"upvoted": False} for sample in samples],
        "prevDate": (day - timedelta(days=1)).isoformat(),
        "periodType": "day",
        "isTrending": False,
    }
    cards = (_CARD % {"id": s.id, "title": html.escape(s.one_line_title), "votes": _votes(s) or "-"} for s in samples)
    return (
        _MARK_UP % {"props": html.escape(json.dumps(props)), "day": day.isoformat(), "cards": "\n".join(cards)}
    ).encode()


def _item(sample: Sample, day: date) -> dict[str, Any]:
    published = datetime.combine(day - timedelta(days=sample.published), time(), UTC)
    votes = sample.huggingface
    item = {
        "paper": _paper(sample, day, published),
        # The real site's outer date is four or five hours early as well.
        "publishedAt": _stamp(published - timedelta(hours=4)),
        "title": sample.one_line_title,
        "summary": sample.summary,
        "numComments": votes.comments if votes else 0,
        "isAuthorParticipating": False,
    }
    return item | _organisation(sample)


def _paper(sample: Sample, day: date, published: datetime) -> dict[str, Any]:
    """The inner object. What a paper lacks is absent, never null."""
    optional = {
        "ai_keywords": list(sample.keywords),
        "githubRepo": sample.code,
        "githubStars": sample.stars,
        "projectPage": sample.project,
    }
    return {
        "id": sample.id,
        "authors": [_author(sample, name) for name in sample.authors],
        "publishedAt": _stamp(published),
        "submittedOnDailyAt": _stamp(datetime.combine(day, time(), UTC)),
        "title": sample.title,
        "summary": sample.summary,
        "upvotes": _votes(sample),
        "discussionId": _object_id(sample.id),
        **{key: value for key, value in optional.items() if value not in (None, "", [])},
        **_organisation(sample),
    }


def _author(sample: Sample, name: str) -> dict[str, Any]:
    return {"_id": _object_id(sample.id + name), "name": name, "hidden": name in sample.hidden}


def _organisation(sample: Sample) -> dict[str, Any]:
    if not sample.organisation:
        return {}
    names = {"name": sample.organisation, "fullname": sample.organisation_name}
    return {"organization": {"_id": _object_id(sample.organisation), **names}}


def _votes(sample: Sample) -> int:
    return sample.huggingface.votes if sample.huggingface else 0


def _object_id(seed: str) -> str:
    return hashlib.sha256(seed.encode()).hexdigest()[:24]


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
