import json
from datetime import date, timedelta
from email import message_from_string
from email.policy import default
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from papers.models import Listing
from subscriptions.models import Delivery, Digest
from tests.factories import make_paper

pytestmark = pytest.mark.django_db

DAY = date(2026, 8, 12)


def run(*args):
    out = StringIO()
    call_command("preview_digest", *args, stdout=out)
    return out.getvalue()


def listed(number, day=DAY, **fields):
    paper = make_paper(number, **fields)
    Listing.objects.create(paper=paper, source="huggingface", day=day, rank=number)
    return paper


def test_preview_digest_prints_the_text():
    listed(1)
    listed(2, title="Robots", abstract="")

    text = run("--interest", "grokking", "--day", "2026-08-12")

    assert text.startswith("Subject: ")
    assert "Grokking in circuit 1" in text
    assert "Robots" not in text
    assert (Digest.objects.count(), Delivery.objects.count()) == (0, 0)


def test_preview_digest_prints_a_page():
    listed(1)

    page = run("--interest", "grokking", "--format", "html")

    assert page.lstrip().lower().startswith("<!doctype html")
    assert "Grokking in circuit 1" in page


def test_preview_digest_prints_the_day_s_own_date():
    listed(1)

    assert run("--day", "2026-08-12").splitlines()[3] == "Wednesday, 12 August 2026 · No. 224"


def test_preview_digest_prints_a_message():
    listed(1, title="Größe und Grokking")

    message = message_from_string(run("--interest", "grokking", "--format", "eml"), policy=default)

    assert (message.defects, message["Subject"], message["To"]) == ([], "1 new paper: grokking", "reader@example.org")
    assert ["Größe und Grokking" in part.get_content() for part in message.iter_parts()] == [True, True]


def test_preview_digest_prints_json():
    listed(1)
    listed(2, title="Robots", abstract="")
    listed(3, title="Unlisted", day=DAY - timedelta(days=1))

    found = json.loads(run("--interest", "grokking", "--interest", "circuit", "--format", "json"))

    (paper,) = found.pop("papers")
    assert found == {"considered": 2, "matched": 1, "reason": ""}
    assert paper.pop("score") > 0
    assert (paper["id"], paper["title"], paper["section"]) == ("2608.00001", "Grokking in circuit 1", "matched")
    assert [reason["interest"] for reason in paper["reasons"]] == ["grokking", "circuit"]


def test_preview_digest_without_interest_shows_what_is_trending():
    listed(1, votes=3)
    listed(2, votes=30)
    listed(3, votes=9, arxiv_id=None)

    found = json.loads(run("--format", "json", "--max-papers", "2"))

    ids = [(paper["id"], paper["section"]) for paper in found["papers"]]
    assert ids == [("2608.00002", "trending"), (listed_pk := ids[1][0], "trending")]
    assert isinstance(listed_pk, int)
    assert found["matched"] == 3


def test_preview_digest_without_a_match_prints_the_reason():
    listed(1)

    assert "One new paper came in, but it does not match your interests." in run("--interest", "robots")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--interest", '"left open'], "--interest '\"left open': "),
        (["--day", "tomorrow"], "--day 'tomorrow' is no date: write for example --day 2026-05-04."),
        (["--day", "2026-02-31"], "--day '2026-02-31' is no date: write for example --day 2026-05-04."),
        (["--day", "2020-01-01"], "No papers are listed on 2020-01-01: read them with manage.py read_papers --day."),
        (["--max-papers", "0"], "'0' is no number from 1 to 50"),
        (["--format", "pdf"], "invalid choice: 'pdf'"),
    ],
)
def test_preview_digest_bad_input(args, sentence):
    listed(1)

    with pytest.raises(CommandError) as error:
        run(*args)

    assert sentence in str(error.value)


def test_preview_digest_before_anything_was_read():
    with pytest.raises(CommandError, match="There are no papers yet: read some"):
        run("--interest", "grokking")


def test_preview_digest_leaves_out_hidden_papers():
    listed(1, is_hidden=True)
    listed(2)

    found = json.loads(run("--interest", "grokking", "--format", "json"))

    assert [paper["id"] for paper in found["papers"]] == ["2608.00002"]
