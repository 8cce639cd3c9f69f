"""Files of readers: every row is checked, the good ones join with their evidence, nothing of the file stays."""

import io
from datetime import timedelta
from itertools import count

import pytest
from django.contrib.admin.models import LogEntry

from digest_site.audit import values
from subscriptions import importing, links, signup
from subscriptions.consent import Shown
from subscriptions.models import ConsentEvent, Import, ImportFault, ImportPart, Subscriber, Suppression
from subscriptions.preferences import Preferences
from tests.factories import NOW, make_subscriber
from tests.operators import make_operator
from tests.readers import dump

pytestmark = pytest.mark.django_db

COLUMNS = {"0": "email", "1": "keywords", "2": "hour", "3": "zone", "4": "frequency", "5": "evidence"}
HEAD = "email,keywords,hour,zone,frequency,evidence\n"


def clock():
    return NOW


def upload(text: str, **fields) -> Import:
    values = {"name": "people.csv", "source": "Fair 2026", "evidence": "Forms in the blue folder", "only_whole": False}
    return importing.receive(io.BytesIO(text.encode()), NOW, **values | fields)


def check(job: Import, columns=COLUMNS) -> Import:
    importing.begin_check(job, columns)
    importing.work(clock)
    job.refresh_from_db()
    return job


def bring_in(job: Import) -> Import:
    assert importing.begin_import(job)
    importing.work(clock)
    job.refresh_from_db()
    return job


def faults(job: Import) -> list[tuple[int, str, str]]:
    return list(job.faults.values_list("row", "column", "problem"))


def many(count: int) -> str:
    return HEAD + "".join(f"reader{number}@example.org,grokking\n" for number in range(count))


# What happens to good rows --------------------------------------------------------------------------


def test_good_rows_join_as_if_each_was_brought_in_by_hand():
    job = check(
        upload(
            HEAD + "Ada@Example.org,grokking\\n,9,Europe/Berlin,weekdays,Form 7\nbob@example.org\n".replace("\\n", "")
        )
    )
    assert (job.state, job.rows, job.good, job.bad, Subscriber.objects.count()) == ("checked", 2, 2, 0, 0)

    bring_in(job)

    wanted = {"hour": 9, "zone": "Europe/Berlin", "frequency": "weekdays"}
    hand = signup.bring_in(
        "hand@example.org", Preferences(**wanted), NOW, Shown(form="import"), source="x", evidence="y"
    )
    ada = Subscriber.objects.get(email="Ada@example.org")
    different = {"id", "email", "email_key"}
    assert {name: value for name, value in vars(ada).items() if name[0] != "_" and name not in different} == {
        name: value for name, value in vars(hand).items() if name[0] != "_" and name not in different
    }
    assert ada.email_key == "ada@example.org"
    assert [interest.text for interest in ada.interests.all()] == ["grokking"]
    assert list(ada.consents.values_list("kind", "form", "source", "evidence")) == [
        ("confirmed", "import", "Fair 2026", "Form 7")
    ]
    assert ada.tokens.values_list("purpose", "expires_at").get() == ("unsubscribe", None)
    bob = Subscriber.objects.get(email="bob@example.org")
    assert bob.consents.get().evidence == "Forms in the blue folder"
    assert (job.state, job.joined) == ("done", 2)


def test_nothing_of_the_file_stays_but_its_numbers():
    operator = make_operator()
    job = check(upload(HEAD + "ada@example.org\nunique.person@\n", operator_id=operator.pk))
    assert ImportPart.objects.count() == 1

    bring_in(job)

    assert ImportPart.objects.count() == 0
    assert "unique.person" not in str(dump())
    assert values(LogEntry.objects.get(), "after") == {"state": "done", "rows": 2, "good": 1, "bad": 1, "joined": 1}


def test_somebody_who_was_asked_but_did_not_answer_joins():
    signup.invite("ada@example.org", Preferences(), NOW, Shown(form="admin"))

    job = bring_in(check(upload(HEAD + "ada@example.org,grokking\nbob@example.org\n")))

    assert job.joined == 2
    assert set(Subscriber.objects.values_list("email", "status")) == {
        ("ada@example.org", "active"),
        ("bob@example.org", "active"),
    }


# What is wrong with rows ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("", None),
        (",grokking", ("email", "There is no address.")),
        ("ada@", ("email", "This is not an address we can write to.")),
        ("Ada <ada@example.org>", ("email", "Write the address alone")),
        ("=HYPERLINK(1)", ("email", "This is a formula, not a value.")),
        ("ada@example.org,=1+1", ("keywords", "This is a formula, not a value.")),
        ("ada@example.org,(a AND", ("keywords", "Line 1, “(a AND”")),
        ("ada@example.org,,24", ("hour", "Write a number from 0 to 23.")),
        ("ada@example.org,,½", ("hour", "Write a number from 0 to 23.")),
        ("ada@example.org,,,Mars/Olympus", ("zone", "This is no IANA time zone")),
        ("ada@example.org,,,,hourly", ("frequency", "Write one of daily, weekdays, weekly, paused.")),
        ("ada@example.org,,,,," + 2_001 * "x", ("evidence", "At most 2000 characters can be kept.")),
        ("reader1@example.org", ("email", "This person is a reader already.")),
        ("READER2@example.org", ("email", "This person unsubscribed: only they can come back.")),
        ("suppressed@example.org", ("email", "This address is on the suppression list: it must get no mail.")),
        ("bob@example.org", ("email", "This address stands in row 2 already.")),
    ],
)
def test_fault_is_named_with_row_and_column(row, fault):
    make_subscriber(1)
    make_subscriber(2, status="left")
    Suppression.objects.create(address_hmac=links.address_hmac("suppressed@example.org"), reason="complaint")

    job = check(upload(f"{HEAD}bob@example.org\n{row}\n"))

    found = faults(job)
    assert [(number, column) for number, column, _ in found] == ([(3, fault[0])] if fault else [])
    assert not fault or found[0][2].startswith(fault[1])
    assert (job.good, job.bad) == (1, 1 if fault else 0)


def test_every_fault_of_a_row_is_named_and_the_row_counts_once():
    job = check(upload(HEAD + "ada@,(a,99\n"))

    assert [column for _, column, _ in faults(job)] == ["email", "keywords", "hour"]
    assert (job.good, job.bad) == (0, 1)


def test_words_for_days_and_hours_are_understood():
    job = check(upload("a,b,c\nada@example.org,Monday,07:00\n"), {"0": "email", "1": "weekday", "2": "hour"})

    bring_in(job)

    assert Subscriber.objects.values_list("weekday", "hour").get() == (0, 7)


def test_all_or_none_brings_in_nobody_while_a_row_is_wrong():
    job = check(upload(HEAD + "ada@example.org\nbob@\n", only_whole=True))

    assert not importing.begin_import(job)
    assert Subscriber.objects.count() == 0


def test_nobody_joins_who_left_or_was_suppressed_since_the_check():
    job = check(upload(HEAD + "ada@example.org\nbob@example.org\nada@example.org\n"))
    Suppression.objects.create(address_hmac=links.address_hmac("ada@example.org"), reason="complaint")

    bring_in(job)

    assert (job.good, job.joined) == (2, 1)
    assert list(Subscriber.objects.values_list("email", flat=True)) == ["bob@example.org"]


def test_file_that_breaks_off_is_a_failure_with_its_sentence():
    job = upload(HEAD + "ada@example.org\n")
    ImportPart.objects.create(of=job, number=1, content=b"\xff\xfe broken")

    check(job)

    assert (job.state, job.problem) == ("failed", "Row 3 is not utf-8-sig.")
    assert ImportPart.objects.count() == 0


# Workers --------------------------------------------------------------------------------------------


def test_worker_that_stops_is_followed_by_another(monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    job = check(upload(many(7)))
    importing.begin_import(job)
    stops = iter([False, False, True])

    importing.work(clock, is_stopping=lambda: next(stops))
    job.refresh_from_db()
    assert (job.state, job.row, job.joined) == ("importing", 5, 4)
    importing.work(clock)

    job.refresh_from_db()
    assert (job.state, job.joined, Subscriber.objects.count(), ConsentEvent.objects.count()) == ("done", 7, 7, 7)


def test_worker_that_dies_is_followed_by_another_when_its_lease_has_run_out(monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    job = check(upload(many(5)))
    importing.begin_import(job)
    join = importing._join

    def die(people, *rest):
        if Subscriber.objects.exists():
            raise KeyboardInterrupt
        return join(people, *rest)

    monkeypatch.setattr(importing, "_join", die)
    with pytest.raises(KeyboardInterrupt):
        importing.work(clock)
    monkeypatch.setattr(importing, "_join", join)

    importing.work(clock)
    assert Subscriber.objects.count() == 2
    importing.work(lambda: NOW + timedelta(minutes=6))

    job.refresh_from_db()
    assert (job.state, job.joined, Subscriber.objects.count()) == ("done", 5, 5)


def test_worker_that_was_overtaken_stops(monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    job = check(upload(many(5)))
    importing.begin_import(job)
    parse = importing._parse

    def overtaken(*args):
        monkeypatch.setattr(importing, "_parse", parse)
        importing.work(lambda: NOW + timedelta(minutes=6))
        return parse(*args)

    monkeypatch.setattr(importing, "_parse", overtaken)
    importing.work(clock)

    job.refresh_from_db()
    assert (job.state, job.joined, Subscriber.objects.count()) == ("done", 5, 5)


def test_check_that_was_cut_off_goes_on_and_remembers_what_it_saw(monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    late = "READER0@example.org\ntwice@example.org,,99\ntwice@example.org\nreader1@example.org,,99\n"
    text = HEAD + "twice@example.org,,99\n" + many(3).removeprefix(HEAD) + late
    whole = check(upload(text))
    job = upload(text)
    importing.begin_check(job, COLUMNS)
    progress = []

    while job.state == "checking":
        stops = iter([False, True])
        importing.work(clock, is_stopping=lambda stops=stops: next(stops))
        job.refresh_from_db()
        progress.append(job.row)

    assert progress == [3, 5, 7, 9]
    assert (job.state, job.rows, job.good, job.bad) == ("checked", 8, 4, 4)
    assert faults(job) == faults(whole)
    assert (6, "email", "This address stands in row 3 already.") in faults(job)
    assert [row for row, column, _ in faults(job) if column == "hour"] == [2, 7, 9]


def test_either_pass_ends_when_its_time_is_up_and_the_next_tick_goes_on(monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    job = upload(many(6))
    importing.begin_check(job, COLUMNS)
    times = count()

    def slow_clock():
        return NOW + next(times) * importing.LONGEST / 4

    rows = []
    for _ in range(6):
        importing.work(slow_clock)
        job.refresh_from_db()
        rows.append((job.state, job.row))
        if job.state == "checked":
            importing.begin_import(job)

    assert rows[-1][0] == "done"
    assert {state for state, _row in rows} == {"checking", "checked", "importing", "done"}
    assert (job.good, job.joined) == (6, 6)


def test_second_check_forgets_the_faults_of_the_first():
    job = check(upload(HEAD + "ada@example.org,,99\n"))

    check(job, {"0": "email"})

    assert (job.good, job.bad, faults(job)) == (1, 0, [])


def test_somebody_who_signs_up_at_that_moment_is_brought_in_once(monkeypatch):
    job = check(upload(many(3)))
    many_at_once = signup.bring_in_many

    def late(people, *args, **kwargs):
        signup.bring_in(people[1][0], Preferences(hour=3), NOW, Shown(form="x"), source="s", evidence="e")
        return many_at_once(people, *args, **kwargs)

    monkeypatch.setattr(signup, "bring_in_many", late)

    bring_in(job)

    assert Subscriber.objects.count() == 3
    assert ConsentEvent.objects.count() == 3


def test_faults_are_kept_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(importing, "MAX_FAULTS", 2)

    job = check(upload(HEAD + "a@\nb@\nc@\n"))

    assert (job.bad, ImportFault.objects.count()) == (3, 2)


def test_import_nobody_finished_is_given_up_and_its_file_deleted():
    old, fresh = upload(many(1)), upload(many(1))
    Import.objects.filter(pk=old.pk).update(created_at=NOW - timedelta(days=8))

    given_up = importing.forget_old(NOW)

    old.refresh_from_db()
    assert (given_up, old.state, old.problem) == (1, "failed", "Nobody finished it within 7 days.")
    assert {part.of_id for part in ImportPart.objects.all()} == {fresh.pk}


def test_old_faults_are_deleted():
    job = check(upload(HEAD + "a@\n"))
    Import.objects.update(created_at=NOW - timedelta(days=31))

    importing.forget_old(NOW)

    assert faults(job) == []
