import json
from typing import Any

from django.contrib.admin.models import LogEntry

from papers.models import Paper, Rejected
from papers.sources.base import PaperRecord
from tests.papers.admin.rows import DAY, NOW, act, path, said

RECORD = PaperRecord(title="Slow grokking", arxiv_id="2608.00001")
ITEM = {
    "paper": {
        "id": "2608.00002",
        "title": "Fast grokking",
        "summary": "Invented.",
        "authors": [{"name": "Ada Example"}],
        "publishedAt": "2026-08-10T00:00:00.000Z",
    }
}


def quarantined(raw: str, source: str = "huggingface") -> Rejected:
    return Rejected.objects.create(
        source=source, day=DAY, reason="as it was", raw=raw, digest=raw[:64], first_seen_at=NOW
    )


def try_again(client: Any, *rows: Rejected) -> list[str]:
    return said(act(client, "rejected", "try_again", list(rows)))


def test_try_again_a_record_of_ours_and_one_as_the_site_has_it(admin_client):
    rows = [quarantined(RECORD.model_dump_json()), quarantined(json.dumps(ITEM))]

    assert try_again(admin_client, *rows) == ["2 records went in."]

    assert set(Paper.objects.values_list("title", flat=True)) == {"Slow grokking", "Fast grokking"}
    assert not Rejected.objects.exists()
    assert LogEntry.objects.count() == 2


def test_try_again_what_is_still_refused(admin_client):
    broken = json.dumps({"paper": ITEM["paper"] | {"title": ""}})
    early = RECORD.model_copy(update={"published_on": DAY.replace(year=2999)})
    rows = [quarantined(broken), quarantined(early.model_dump_json())]

    assert try_again(admin_client, *rows) == ["2 records are still refused."]

    reasons = set(Rejected.objects.values_list("reason", flat=True))
    assert "published_on: 2999-08-12 lies in the future" in reasons
    assert any("the title is empty" in reason for reason in reasons)
    assert (len(reasons), Paper.objects.count()) == (2, 0)


def test_try_again_what_cannot_be_read_alone(admin_client):
    rows = [quarantined("<item><title>x</title></item>", "arxiv"), quarantined(json.dumps(ITEM)[:50])]

    assert try_again(admin_client, *rows) == ["2 records cannot be read by themselves: have their days read again."]
    assert set(Rejected.objects.values_list("reason", flat=True)) == {"as it was"}


def test_raw_record_is_shown_as_it_came(admin_client):
    row = quarantined('{"title":"<script>x</script>"}')

    page = admin_client.get(path("rejected", "change", row.pk)).text

    assert "<pre>{\n  &quot;title&quot;: &quot;&lt;script&gt;x&lt;/script&gt;&quot;\n}</pre>" in page
