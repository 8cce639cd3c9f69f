import gc
import logging
import threading
from datetime import date, timedelta

import pytest
from django.db import connection

from papers.models import Paper
from subscriptions import composing, links
from subscriptions.composing import (
    MAX_FAILURES,
    PUT_OFF,
    ComposingStopped,
    compose,
    compose_due,
    compose_preview,
    preview_for,
)
from subscriptions.models import Delivery, Digest, DigestItem, Interest, Subscriber, Token
from subscriptions.windows import MARGIN
from tests.factories import NOW, make_digest, make_interest, make_paper, make_subscriber

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
DUE = NOW - timedelta(seconds=30)


class Died(BaseException):
    """What kill -9 looks like from inside: nobody catches it."""


def make_reader(number=1, *texts, **fields):
    reader = make_subscriber(number, **fields)
    for position, text in enumerate(texts):
        make_interest(reader, text, position=position)
    return reader


def counts():
    return [model.objects.count() for model in (Digest, DigestItem, Delivery)]


def titles(digest):
    return [item.paper.title for item in digest.items.select_related("paper")]


def test_compose_due_writes_digest_items_delivery_and_the_next_time():
    reader = make_reader(1, "grokking")
    paper = make_paper(1)
    make_paper(2, title="Something else", abstract="")
    make_paper(3, first_seen_at=NOW - MARGIN)

    totals = compose_due(NOW)

    digest = Digest.objects.get()
    assert totals == {"queued": 1}
    assert (digest.subscriber, digest.edition, digest.due_at, digest.outcome) == (reader, NOW.date(), DUE, "queued")
    assert (digest.window_start, digest.window_end) == (NOW - DAY, NOW - MARGIN)
    assert (digest.considered, digest.matched, digest.reason, digest.notices) == (2, 1, "", [])
    assert [(item.paper, item.position, item.section) for item in digest.items.all()] == [(paper, 1, "matched")]
    reader.refresh_from_db()
    assert (reader.next_digest_at, reader.cutoff_at) == (DUE + DAY, NOW - MARGIN)
    assert (reader.last_edition, reader.last_due_at) == (NOW.date(), DUE)


def test_compose_due_queues_one_delivery_with_a_link_to_preferences():
    reader = make_reader(1, "grokking")
    make_paper()

    compose_due(NOW)

    delivery = Delivery.objects.get()
    assert (delivery.kind, delivery.state, delivery.not_before) == ("digest", "queued", NOW)
    assert (delivery.subscriber, delivery.digest) == (reader, Digest.objects.get())
    assert (delivery.token.purpose, delivery.token.subscriber) == ("manage", reader)
    assert links.find(links.secret(delivery.token), "manage", NOW) == delivery.token
    assert delivery.key.startswith("digest-")
    assert len(delivery.key) <= 40


def test_delivery_key_is_the_same_whenever_it_is_made_and_another_for_others():
    make_reader(1)
    make_reader(2)
    make_paper()
    keys = []

    for _ in range(2):
        Digest.objects.all().delete()
        Subscriber.objects.update(next_digest_at=DUE, last_edition=None, cutoff_at=NOW - DAY)
        compose_due(NOW)
        keys.append(list(Delivery.objects.order_by("subscriber").values_list("key", flat=True)))

    assert keys[0] == keys[1]
    assert len(set(keys[0])) == 2


@pytest.mark.parametrize("living", [True, False])
def test_compose_due_makes_a_token_to_leave_with_only_where_none_lives(living):
    reader = make_reader(1)
    if not living:
        links.revoke(reader, NOW, Token.Purpose.UNSUBSCRIBE)
    make_paper()

    compose_due(NOW)

    tokens = Token.objects.filter(purpose="unsubscribe", expires_at=None)
    assert [token.subscriber for token in tokens] == [reader]


def test_compose_due_twice_makes_nothing_twice():
    make_reader(1, "grokking")
    make_paper()
    first = compose_due(NOW)
    before = counts()

    again = [compose_due(NOW), compose_due(NOW + timedelta(minutes=1))]

    assert (first, again) == ({"queued": 1}, [{}, {}])
    assert before == counts() == [1, 1, 1]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": Subscriber.Status.PENDING},
        {"status": Subscriber.Status.LEFT},
        {"next_digest_at": None},
        {"next_digest_at": NOW + timedelta.resolution},
    ],
)
def test_compose_due_leaves_those_alone_who_are_not_due(fields):
    make_reader(1, **fields)
    make_paper()

    assert (compose_due(NOW), counts()) == ({}, [0, 0, 0])


@pytest.mark.parametrize(("wants_note", "deliveries"), [(False, 0), (True, 1)])
def test_compose_due_keeps_an_empty_digest_with_its_reason(wants_note, deliveries):
    make_reader(1, "robots", wants_quiet_note=wants_note)
    make_paper()

    totals = compose_due(NOW)

    digest = Digest.objects.get()
    assert (totals, digest.outcome) == ({"empty": 1}, "empty")
    assert digest.reason == "One new paper came in, but it does not match your interests."
    assert Delivery.objects.filter(digest=digest).count() == deliveries


def test_compose_due_late_keeps_a_reason_and_sends_the_papers_next_time():
    make_reader(1, "grokking", next_digest_at=DUE - 13 * timedelta(hours=1), hour=18)
    make_paper(1, title="Grokking in time", first_seen_at=NOW - 20 * timedelta(hours=1))

    totals = [compose_due(NOW), compose_due(NOW + timedelta(hours=11))]

    late, sent = Digest.objects.order_by("edition")
    assert totals == [{"late": 1}, {"queued": 1}]
    assert (late.outcome, titles(late), hasattr(late, "delivery")) == ("late", [], False)
    assert (sent.outcome, titles(sent)) == ("queued", ["Grokking in time"])


def test_compose_due_after_three_days_catches_up_in_one_run():
    make_reader(1, "grokking", next_digest_at=DUE - 3 * DAY, cutoff_at=NOW - 4 * DAY, hour=7)
    for days in range(4):
        make_paper(days, first_seen_at=NOW - days * DAY - timedelta(hours=1))

    totals = compose_due(NOW)

    assert totals == {"late": 1, "queued": 1}
    assert [len(titles(digest)) for digest in Digest.objects.order_by("edition")] == [0, 4]


def test_compose_due_brings_no_paper_again_when_a_window_was_given_back():
    reader = make_reader(1, "grokking", cutoff_at=NOW - 3 * DAY)
    papers = [make_paper(number, title=f"Grokking {number}", first_seen_at=NOW - number * DAY) for number in (1, 2)]
    older = {"window_start": NOW - 3 * DAY, "window_end": NOW - timedelta(hours=36)}
    newer = {"window_start": NOW - timedelta(hours=36), "window_end": NOW - timedelta(hours=12)}
    make_digest(reader, [papers[1]], edition=date(2026, 8, 10), outcome=Digest.Outcome.LATE, **older)
    make_digest(reader, [papers[0]], edition=date(2026, 8, 11), **newer)

    compose_due(NOW)

    digest = Digest.objects.latest("edition")
    assert (titles(digest), digest.considered) == (["Grokking 2"], 1)


def test_compose_pages_through_all_readers():
    readers = [
        Subscriber(email=f"r{n}@example.org", email_key=f"r{n}@example.org", status="active") for n in range(250)
    ]
    for number, reader in enumerate(readers):
        reader.next_digest_at, reader.cutoff_at = DUE - timedelta(hours=number % 3), NOW - DAY
    Subscriber.objects.bulk_create(readers)
    make_paper()

    drafts = list(compose(NOW, chunk=100))

    assert sorted(draft.subscriber.pk for draft in drafts) == sorted(reader.pk for reader in readers)
    assert [draft.due_at for draft in drafts] == sorted(draft.due_at for draft in drafts)
    assert counts() == [250, 250, 250]


def test_compose_due_stops_at_its_limit_with_those_who_waited_longest():
    for number in range(1, 6):
        make_reader(number, next_digest_at=DUE - timedelta(minutes=number))
    make_paper()

    totals = [compose_due(NOW, limit=2), compose_due(NOW, limit=2)]

    assert totals == [{"queued": 2}, {"queued": 2}]
    assert Subscriber.objects.due(NOW).get().email == "reader1@example.org"


@pytest.mark.parametrize("readers", [2, 6])
def test_compose_due_queries_do_not_grow_with_readers(readers, django_assert_num_queries):
    for number in range(readers):
        make_reader(number, "grokking", "robots")
    for number in range(3):
        make_paper(number)

    # page, end, papers, readings · savepoint, readers, interests, sent before, judged, digests, items, tokens to
    # leave, tokens, deliveries, next time, release · next page
    with django_assert_num_queries(17):
        compose_due(NOW)


def test_compose_due_dry_run_writes_nothing():
    reader = make_reader(1, "grokking")
    make_reader(2, "robots")
    make_paper()

    drafts = list(compose(NOW, dry_run=True))

    assert [(draft.outcome, len(draft.items)) for draft in drafts] == [("queued", 1), ("empty", 0)]
    reader.refresh_from_db()
    assert (counts(), reader.next_digest_at, reader.cutoff_at) == ([0, 0, 0], DUE, NOW - DAY)


@pytest.mark.parametrize("step", ["_missing_unsubscribe_tokens", "_key", "_move_on"])
def test_worker_dies_while_composing_and_nothing_is_half_done(step, monkeypatch):
    make_reader(1, "grokking")
    make_paper()
    tokens = Token.objects.count()

    def die(*args):
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(composing, step, die)
        with pytest.raises(Died):
            compose_due(NOW)

    assert (counts(), Token.objects.count()) == ([0, 0, 0], tokens)
    assert (compose_due(NOW), counts()) == ({"queued": 1}, [1, 1, 1])


def test_one_bad_row_is_put_off_and_keeps_nobody_waiting(caplog):
    bad = make_reader(1, "a secret keyword", hour=77)
    make_reader(2, "grokking")
    make_paper()

    totals = compose_due(NOW)

    assert totals == {"failed": 1, "queued": 1}
    bad.refresh_from_db()
    assert (bad.next_digest_at, bad.cutoff_at, bad.last_edition) == (NOW + PUT_OFF, NOW - DAY, None)
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.ERROR]
    assert caplog.messages[1].startswith(f"Subscriber {bad.pk}: no digest could be made (ValueError at subscriptions.")
    assert not [word for word in ("example.org", "secret", "Traceback") if word in caplog.text]


@pytest.mark.parametrize("enabled", [True, False])
def test_compose_leaves_the_garbage_collector_as_it_was(enabled):
    make_reader(1, hour=77)
    make_reader(2)
    make_paper()
    before = gc.isenabled()

    try:
        (gc.enable if enabled else gc.disable)()
        compose_due(NOW)
        after = gc.isenabled()
    finally:
        (gc.enable if before else gc.disable)()

    assert after is enabled


def test_composing_stops_when_everybody_fails_and_puts_off_only_a_few(caplog):
    for number in range(MAX_FAILURES + 5):
        make_reader(number, hour=77)

    with pytest.raises(ComposingStopped, match="20 readers in a row failed"):
        compose_due(NOW)

    assert Subscriber.objects.due(NOW).count() == 5
    assert len(caplog.records) == 1 + MAX_FAILURES
    assert compose_due(NOW) == {"failed": 5}


def test_dry_run_names_a_bad_row_and_leaves_it():
    bad = make_reader(1, hour=77)
    make_reader(2)

    drafts = list(compose(NOW, dry_run=True))

    bad.refresh_from_db()
    assert sorted(draft.outcome for draft in drafts) == ["empty", "failed"]
    assert bad.next_digest_at == DUE


def test_constraint_keeps_a_second_copy_of_an_edition_out(caplog):
    reader = make_reader(1, "grokking")
    make_paper()
    make_digest(reader, [])  # and whoever made it did not get to move the reader on

    totals = compose_due(NOW)

    assert totals == {"failed": 1}
    assert (Digest.objects.count(), Delivery.objects.count()) == (1, 0)
    assert "IntegrityError" in caplog.text


def test_reader_who_was_moved_meanwhile_undoes_the_chunk(monkeypatch):
    reader = make_reader(1, "grokking")
    make_paper()
    write = composing._move_on

    def moved_by_another(drafts):
        Subscriber.objects.filter(pk=reader.pk).update(next_digest_at=NOW + DAY)
        write(drafts)

    monkeypatch.setattr(composing, "_move_on", moved_by_another)

    assert (compose_due(NOW), counts()) == ({"failed": 1}, [0, 0, 0])


@pytest.mark.django_db(transaction=True)
def test_two_composers_at_once_make_one_digest_each():
    for number in range(40):
        make_reader(number, "grokking")
    make_paper()
    outcomes, barrier = [], threading.Barrier(2)

    def run():
        barrier.wait()
        outcomes.extend(draft.outcome for draft in compose(NOW, chunk=7))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes == ["queued"] * 40
    assert counts() == [40, 40, 40]


def test_a_week_of_digests_brings_each_matching_paper_once():
    reader = make_reader(1, "grokking", max_papers=50)
    for number in range(60):  # every four hours, most of them between two digests
        title = "Grokking" if number % 2 else "Robots"
        seen_at = NOW - DAY + number * timedelta(hours=4)
        make_paper(number, title=title, title_key=f"t{number}", abstract="", first_seen_at=seen_at)

    for day in range(10):
        compose_due(NOW + day * DAY + timedelta(minutes=7 * day))

    sent = list(DigestItem.objects.order_by("paper_id").values_list("paper_id", flat=True))
    assert sent == list(Paper.objects.filter(title="Grokking").order_by("pk").values_list("pk", flat=True))
    assert Digest.objects.filter(subscriber=reader).count() == 10


def test_preview_for_shows_the_next_digest_and_writes_nothing():
    reader = make_reader(1, "grokking", next_digest_at=NOW + timedelta(hours=5), paused_until=date(2026, 9, 1))
    make_paper()

    draft = preview_for(reader, NOW)

    assert (draft.outcome, [item.paper.title for item in draft.items]) == ("queued", ["Grokking in circuit 1"])
    assert draft.digest.edition == date(2026, 8, 12)
    assert (counts(), reader.cutoff_at) == ([0, 0, 0], NOW - DAY)


def test_preview_for_a_paused_reader_without_a_next_time():
    reader = make_reader(1, next_digest_at=None, frequency=Subscriber.Frequency.PAUSED, cutoff_at=None)
    make_paper()

    draft = preview_for(reader, NOW)

    assert [(item.paper.title, item.section) for item in draft.items] == [("Grokking in circuit 1", "trending")]


def test_compose_preview_chooses_like_every_digest():
    papers = [make_paper(1), make_paper(2, title="Robots", abstract="")]
    interests = [Interest(text="grokking"), Interest(text="robots", is_muted=True)]

    draft = compose_preview(interests, papers, NOW)

    assert [(item.paper.pk, item.reasons[0]["interest"]) for item in draft.items] == [(papers[0].pk, "grokking")]
    assert (draft.digest.considered, draft.digest.matched, draft.outcome) == (2, 1, "queued")


def test_compose_preview_without_a_match_says_so():
    draft = compose_preview([Interest(text="robots")], [make_paper(1)], NOW)

    assert draft.digest.reason == "One new paper came in, but it does not match your interests."
