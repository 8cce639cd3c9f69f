from datetime import UTC, date, datetime, timedelta

import pytest
from bs4 import BeautifulSoup

from digest_site.status import SourceStatus, digests, in_words, source_status
from papers.models import Category, Reading
from papers.sources import SOURCES
from subscriptions.models import Brake, Delivery, Digest
from tests.factories import NOW, make_delivery, make_digest, make_subscriber

ARXIV, HUGGINGFACE = SOURCES["arxiv"], SOURCES["huggingface"]
WEDNESDAY, FRIDAY, SATURDAY = date(2026, 8, 12), date(2026, 8, 14), date(2026, 8, 15)
THANKSGIVING = date(2026, 11, 26)


def read(outcome: str, day: date = WEDNESDAY, source: str = "arxiv", **fields: object) -> Reading:
    started_at = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
    return Reading(**{"source": source, "day": day, "outcome": outcome, "started_at": started_at} | fields)


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (read("new", new=1), "1 new paper."),
        (read("new", new=412), "412 new papers."),
        (read("new"), "Papers came that were known already."),
        (read("unchanged"), "Read before; nothing was added since."),
        (read("stale"), "Not out yet."),
        (read("failed", error="FetchFailed: 503 from rss.example.org"), "It could not be read; we go on trying."),
        (read("quiet", SATURDAY), "Quiet, as on every weekend: arXiv has no list for it."),
        (read("quiet", THANKSGIVING), "Quiet, as expected: arXiv announces nothing for a holiday."),
    ],
)
def test_in_words(reading, said):
    assert in_words(reading, ARXIV) == said


@pytest.mark.django_db
def test_source_status_tells_of_the_newest_day():
    new = read("new", WEDNESDAY, new=3)
    newest = read("stale", WEDNESDAY + timedelta(days=1))
    again = read("unchanged", WEDNESDAY, started_at=NOW + timedelta(days=1, hours=3))
    running = read("running", FRIDAY)
    Reading.objects.bulk_create([newest, new, again, running, read("failed", FRIDAY, "huggingface")])

    assert source_status(ARXIV, WEDNESDAY + timedelta(days=1)) == SourceStatus(
        "arXiv", newest, "Not out yet.", "is-warn", WEDNESDAY, WEDNESDAY + timedelta(days=1)
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("source", "today", "outcome", "next_day"),
    [
        (ARXIV, WEDNESDAY, "new", WEDNESDAY + timedelta(days=1)),
        (ARXIV, WEDNESDAY, "stale", WEDNESDAY),
        (ARXIV, WEDNESDAY, "failed", WEDNESDAY),
        (ARXIV, FRIDAY, "unchanged", date(2026, 8, 17)),
        (ARXIV, SATURDAY, "quiet", date(2026, 8, 17)),
        (ARXIV, date(2026, 11, 25), "new", date(2026, 11, 30)),
        (HUGGINGFACE, SATURDAY, "quiet", date(2026, 8, 17)),
        (HUGGINGFACE, FRIDAY, "new", date(2026, 8, 17)),
    ],
)
def test_source_status_knows_when_the_next_list_comes(source, today, outcome, next_day):
    read(outcome, today, source.slug).save()

    assert source_status(source, today).next_day == next_day


@pytest.mark.django_db
def test_digests_counts_an_edition_by_what_became_of_it(django_assert_num_queries):
    states = (Delivery.State.ACCEPTED, Delivery.State.ACCEPTED, Delivery.State.QUEUED, Delivery.State.SENDING)
    for number, state in enumerate((*states, Delivery.State.FAILED, Delivery.State.UNKNOWN), 1):
        make_delivery(number, state=state)
    make_digest(make_subscriber(20), [], outcome=Digest.Outcome.EMPTY)
    make_digest(make_subscriber(21), [], outcome=Digest.Outcome.EMPTY, edition=NOW.date() - timedelta(days=1))

    with django_assert_num_queries(1):
        counted = digests(NOW.date())

    assert (counted.sent, counted.waiting, counted.empty) == (2, 2, 1)


@pytest.mark.django_db
def test_page_says_it_in_words(client, time_machine):
    time_machine.move_to(datetime(2026, 8, 15, 9, tzinfo=UTC), tick=False)
    Category.objects.filter(code="cs.LG").update(is_read=True)
    read("new", FRIDAY, new=400).save()
    read("quiet", SATURDAY).save()
    read("failed", SATURDAY, "huggingface", error="FetchFailed: 503 from a secret mirror").save()
    Brake.objects.create(pulled_at=NOW, reason="credentials refused")

    page = BeautifulSoup(client.get("/status").content, "lxml")

    cards = [" ".join(card.get_text(" ", strip=True).split()) for card in page.select("main section.card")]
    assert cards == [
        (
            "Hugging Face It could not be read; we go on trying. Last asked Aug 15, 06:00 UTC, for the list of Aug 15 "
            "Next list Aug 17"
        ),
        (
            "arXiv Quiet, as on every weekend: arXiv has no list for it. Last asked Aug 15, 06:00 UTC, for the list of "
            "Aug 15 Last papers Aug 14 Next list Aug 17"
        ),
        (
            "Digests of today Sending is stopped; what is due waits and goes out later, once. Sent 0 Waiting 0 "
            "Nothing to send 0 Each leaves at its reader’s own hour, so the day’s number grows until evening."
        ),
    ]
    assert "secret mirror" not in str(page)


@pytest.mark.django_db
def test_page_asks_the_same_however_much_there_is(client, django_assert_max_num_queries):
    Reading.objects.bulk_create(read("new", WEDNESDAY - timedelta(days=back)) for back in range(300))

    with django_assert_max_num_queries(10):
        assert client.get("/status").status_code == 200
