"""Real days through the whole reader, where UPSTREAM_SAMPLES names the folder that holds them."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from papers.models import Listing, Paper, Rejected

if not os.environ.get("UPSTREAM_SAMPLES"):
    pytest.skip("UPSTREAM_SAMPLES is not set", allow_module_level=True)

SAMPLES = Path(os.environ["UPSTREAM_SAMPLES"])
LISTINGS = sorted(SAMPLES.glob("listings/*.txt"))
DAYS = sorted(SAMPLES.glob("upstream/hf_json/*.json"))
CAPTURES = [path for path in DAYS if path.name.startswith("2025-01-22__at_")]

pytestmark = [pytest.mark.samples, pytest.mark.django_db]


def read(*paths: Path) -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command("read_papers", "--json", "--file", *map(str, paths), stdout=out)
    return list(json.loads(out.getvalue())["readings"])


def tables() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Paper, Listing, Rejected)]


def test_every_day_goes_in_whole_and_once():
    first = read(*LISTINGS, *DAYS)
    before = tables()
    second = read(*LISTINGS, *DAYS)

    assert len(DAYS) == 48
    assert [reading["found"] for reading in first[:2]] == [36, 64]
    assert {(reading["outcome"], reading["rejected"], reading["error"]) for reading in first} == {("new", 0, "")}
    assert {(reading["outcome"], reading["new"], reading["updated"]) for reading in second} == {("unchanged", 0, 0)}
    assert tables() == before


@pytest.mark.parametrize("backwards", [False, True])
def test_two_captures_of_a_day_give_their_union(backwards):
    """A paper at 04:16; at 06:15 thirteen, and more votes for it."""
    (early,) = json.loads(CAPTURES[0].read_bytes())

    read(*sorted(CAPTURES, reverse=backwards))

    assert Paper.objects.count() == Listing.objects.count() == 13
    assert Paper.objects.values_list("votes", "comments").get(arxiv_id=early["paper"]["id"]) == (7, 1)


def test_backwards_gives_the_same_papers():
    def known() -> list[Any]:
        fields = [field.name for field in Paper._meta.fields if field.name not in {"id", "first_seen_at", "updated_at"}]
        return list(Paper.objects.order_by("arxiv_id").values_list(*fields))

    read(*DAYS)
    forwards = known()
    Paper.objects.all().delete()
    read(*reversed(DAYS))

    assert known() == forwards
