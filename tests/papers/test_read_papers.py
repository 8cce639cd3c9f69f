import io
import json
import re
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from papers.models import Listing, Paper, Reading
from tests.papers.test_reading import item


def run(*arguments: object) -> str:
    out = io.StringIO()
    call_command("read_papers", *map(str, arguments), stdout=out)
    return out.getvalue()


def counts(**fields: object) -> dict[str, object]:
    return {"found": 0, "new": 0, "updated": 0, "rejected": 0, "error": "", **fields}


@pytest.fixture
def day_one(tmp_path):
    path = tmp_path / "2026-08-11.json"
    path.write_text(json.dumps([item(1), item(2)]))
    return path


@pytest.fixture
def day_two(tmp_path):
    """One paper of the day before, with more votes, and one that is new."""
    path = tmp_path / "2026-08-12.json"
    path.write_text(json.dumps([item(2, upvotes=9), item(3)]))
    return path


@pytest.mark.django_db
def test_read_papers_files(day_one, day_two):
    out = run("--file", day_one, day_two)

    assert out.splitlines() == [
        "huggingface  2026-08-11  new        found 2  new 2  updated 0  rejected 0",
        "huggingface  2026-08-12  new        found 2  new 1  updated 1  rejected 0",
    ]


@pytest.mark.django_db
def test_read_papers_json_is_one_line(day_one):
    out = run("--file", day_one, "--json")

    assert out.count("\n") == 1
    assert json.loads(out) == {
        "readings": [counts(source="huggingface", day="2026-08-11", outcome="new", found=2, new=2)]
    }


@pytest.mark.django_db
def test_read_papers_twice(day_one, day_two):
    run("--file", day_one, day_two)
    before = [list(model.objects.order_by("pk").values()) for model in (Paper, Listing)]

    out = run("--file", day_one, day_two, "--json")

    assert [reading["updated"] for reading in json.loads(out)["readings"]] == [0, 0]
    assert [list(model.objects.order_by("pk").values()) for model in (Paper, Listing)] == before


@pytest.mark.django_db
def test_read_papers_bad_file_costs_the_others_nothing(day_one, tmp_path):
    bad = tmp_path / "notes.txt"
    bad.write_text("Dear reader,")

    with pytest.raises(CommandError) as caught:
        run("--file", bad, tmp_path / "absent.json", day_one)

    summary, unknown, absent = str(caught.value).splitlines()
    assert summary == "2 of 3 readings failed:"
    assert f": {bad}: notes.txt is none of the known formats" in unknown
    assert absent.endswith(f": {tmp_path}/absent.json: it cannot be read: No such file or directory")
    assert Paper.objects.count() == 2


@pytest.mark.django_db
def test_read_papers_dry_run(day_one):
    out = run("--file", day_one, "--dry-run")

    assert out == "huggingface  2026-08-11  new        found 2  new 2  updated 0  rejected 0\n"
    assert [model.objects.count() for model in (Paper, Listing, Reading)] == [0, 0, 0]


@pytest.mark.django_db
def test_read_papers_day_of_a_file_that_names_none(day_one):
    page = day_one.rename(day_one.with_name("page.json"))

    run("--file", page, "--day", "2026-08-01")

    assert list(Listing.objects.values_list("day", flat=True).distinct()) == 2 * [date(2026, 8, 1)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--day", "2026-02-30"], "'2026-02-30' is not a day: write it like 2026-08-12"),
        (["--day", "2199-01-01"], "2199-01-01 lies in the future"),
        (["--source", "nowhere"], "invalid choice: 'nowhere'"),
        (["--file", "x", "--source", "arxiv"], "--source is for live reading"),
    ],
)
def test_read_papers_bad_arguments(arguments, said):
    with pytest.raises(CommandError, match=said):
        run(*arguments)


@pytest.mark.django_db(transaction=True)
def test_read_papers_live(httpserver, settings):
    """Over HTTP, through the real fetcher, from sites on loopback."""
    settings.SOURCES_ALLOW_PRIVATE = True
    settings.HUGGINGFACE_URL = httpserver.url_for("").rstrip("/")
    httpserver.expect_request("/api/daily_papers").respond_with_data(
        json.dumps([item(1), item(2)]), headers={"ETag": '"one"'}
    )

    first = json.loads(run("--source", "huggingface", "--day", "2026-08-12", "--json"))
    httpserver.clear()
    httpserver.expect_request("/api/daily_papers", headers={"If-None-Match": '"one"'}).respond_with_data(status=304)
    second = json.loads(run("--source", "huggingface", "--day", "2026-08-12", "--json"))

    reading = {"source": "huggingface", "day": "2026-08-12"}
    assert first == {"readings": [counts(**reading, outcome="new", found=2, new=2)]}
    assert second == {"readings": [counts(**reading, outcome="unchanged")]}


@pytest.mark.django_db(transaction=True)
def test_read_papers_live_site_down(httpserver, settings):
    settings.SOURCES_ALLOW_PRIVATE = True
    settings.HUGGINGFACE_URL = httpserver.url_for("").rstrip("/")
    httpserver.expect_request(re.compile("/")).respond_with_data(status=404)

    with pytest.raises(CommandError, match=r"^1 of 1 readings failed:\nhuggingface 2026-08-12: "):
        run("--source", "huggingface", "--day", "2026-08-12")

    assert list(Reading.objects.values_list("outcome", flat=True)) == ["failed"]
