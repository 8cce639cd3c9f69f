"""Rows of every model, and what a person does with them in the admin."""

from datetime import UTC, datetime
from typing import Any

from django.urls import reverse

from papers.models import Announcement, Category, Gate, Listing, Reading, Rejected
from tests.factories import make_paper

NOW = datetime(2026, 8, 12, 7, tzinfo=UTC)
DAY = NOW.date()


def make_rows(number: int) -> dict[str, Any]:
    """One row of every model, linked to each other."""
    paper = make_paper(number, title=f"<b>Circuit {number}</b>", featured_on=DAY)
    reading = Reading.objects.create(
        source="huggingface", day=DAY, started_at=NOW, outcome="new", rejected=1, error="<i>odd</i>"
    )
    return {
        "paper": paper,
        "listing": Listing.objects.create(paper=paper, source="huggingface", day=DAY, rank=number),
        "reading": reading,
        "rejected": Rejected.objects.create(
            reading=reading, source="huggingface", day=DAY, reason="title", raw="<script>x</script>", digest=str(number)
        ),
        "category": Category.objects.create(code=f"x.A{chr(64 + number)}"),
        "announcement": Announcement.objects.create(body=f"*Note* {number} <i>x</i>", starts_on=DAY, ends_on=DAY),
        "gate": Gate.objects.create(host=f"host{number}.example", free_at=NOW),
    }


def path(model: str, page: str = "changelist", *args: object) -> str:
    return reverse(f"admin:papers_{model}_{page}", args=args)


def act(client: Any, model: str, action: str, rows: list[Any]) -> Any:
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(path(model), data, follow=True)


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]
