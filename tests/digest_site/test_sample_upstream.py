"""The sample upstream: what it serves is read by the very parsers that read the real sites."""

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
import requests

from digest_site.demo.samples import LABEL, load_samples, sample_days
from digest_site.demo.upstream import Upstream, bind, serving
from papers.sources.arxiv.atom import parse_query
from papers.sources.arxiv.rss import parse_feed
from papers.sources.base import PaperRecord, UnexpectedShape
from papers.sources.huggingface import HuggingFace
from papers.sources.huggingface.page import parse_page

ROOT = Path(__file__).resolve().parents[2]
SATURDAY = date(2026, 8, 15)
FRIDAY = date(2026, 8, 14)
DEFAULT = "cs.AI+cs.CL+cs.CV+cs.LG+cs.RO+stat.ML"


@pytest.fixture(scope="module")
def base():
    with serving(SATURDAY) as url:
        yield url


def fetch(url: str) -> bytes:
    return requests.get(url, timeout=5).content


def shown(base: str) -> list[PaperRecord]:
    return [record for day in sample_days(SATURDAY) for record in HuggingFace(base).read(day, fetch).records]


def test_samples_are_many_and_of_many_fields():
    samples = load_samples()

    archives = {category.partition(".")[0] for sample in samples for category in sample.categories}
    assert len({sample.id for sample in samples}) == len(samples) == 70
    assert {"cs", "stat", "quant-ph", "q-bio", "astro-ph", "eess", "physics", "math"} <= archives


def test_samples_cannot_be_taken_for_real_papers():
    samples = load_samples()

    # No month 00 exists, and every address is under example.org.
    assert [s.id for s in samples if not re.fullmatch(r"2600\.\d{5}", s.id)] == []
    assert {s.organisation_name for s in samples if not s.organisation_name.endswith(" (sample)")} == {""}
    assert [s.id for s in samples if not s.summary.startswith(LABEL)] == []
    assert [s.id for s in samples if "example.org" not in (s.code or "example.org")] == []
    assert [s.id for s in samples if "example.org" not in (s.project or "example.org")] == []


def test_abstracts_have_the_length_of_real_ones():
    lengths = {sample.id: len(sample.summary.split()) for sample in load_samples()}

    assert {number: words for number, words in lengths.items() if not 80 <= words <= 160} == {}


def test_sample_days_skip_the_weekend():
    assert sample_days(date(2026, 8, 18)) == [
        date(2026, 8, 12),
        date(2026, 8, 13),
        date(2026, 8, 14),
        date(2026, 8, 17),
        date(2026, 8, 18),
    ]


def test_api_and_page_hold_the_same_papers_and_none_is_rejected(base):
    for day, count in zip(sample_days(SATURDAY), (12, 12, 13, 13, 11), strict=True):
        api = HuggingFace(base).read(day, fetch)
        page = parse_page(fetch(f"{base}/papers/date/{day}"), day=day)

        assert (len(api.records), api.rejects, api.warnings, api.day) == (count, [], [], day)
        assert (page.records, page.rejects) == (api.records, [])


def test_api_papers_carry_the_traps_of_the_real_site(base):
    records = {record.arxiv_id: record for record in shown(base)}

    twice = Counter(record.arxiv_id for record in shown(base))
    assert [number for number, times in twice.items() if times > 1] == ["2600.00025"]
    assert "\n" in next(s.title for s in load_samples() if s.id == "2600.00003")
    assert records["2600.00003"].title == "Slow Lanterns: Distilling Step-by-Step Reasoning into Shallow Networks"
    assert "between <think> and </think>" in records["2600.00003"].abstract
    assert records["2600.00004"].authors == ("Ngaio Fernández-Holt", "Pilar Wójtowicz-Amin")
    assert records["2600.00004"].author_count == 3
    assert r"$\mathcal{O}(n \log n)$" in records["2600.00008"].title
    assert records["2600.00009"].project_url == "https://plates.northlight.example.org"
    assert (records["2600.00012"].votes, records["2600.00007"].organisation) == (0, "")
    assert (records["2600.00031"].author_count, len(records["2600.00031"].authors)) == (40, 40)
    assert "ليلى البستاني" in records["2600.00051"].authors


def test_api_pages_are_short_at_the_end_and_stop_beyond_it(base):
    address = f"{base}/api/daily_papers?date={FRIDAY}&limit=8"

    pages = [requests.get(f"{address}&p={number}", timeout=5).json() for number in range(3)]

    votes = [item["paper"]["upvotes"] for page in pages for item in page]
    assert [len(page) for page in pages] == [8, 3, 0]
    assert votes == sorted(votes, reverse=True)


def test_api_answers_not_modified_to_its_own_etag(base):
    address = f"{base}/api/daily_papers?date={FRIDAY}"
    etag = requests.get(address, timeout=5).headers["ETag"]

    again = requests.get(address, headers={"If-None-Match": etag}, timeout=5)

    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)


@pytest.mark.parametrize("query", ["date=yesterday", "date=2026-02-30", "limit=101", "limit=0", "p=-1"])
def test_api_refuses_what_the_real_one_refuses(base, query):
    answer = requests.get(f"{base}/api/daily_papers?{query}", timeout=5)

    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid query parameters"})


def test_api_has_an_empty_list_for_a_day_without_papers(base):
    assert requests.get(f"{base}/api/daily_papers?date={SATURDAY}", timeout=5).json() == []


def test_page_of_a_day_to_come_shows_the_newest(base):
    body = fetch(f"{base}/papers/date/2030-01-01")

    assert parse_page(body).day == FRIDAY
    with pytest.raises(UnexpectedShape, match="asked for 2030-01-01, the page shows 2026-08-14"):
        parse_page(body, day=date(2030, 1, 1))


def test_page_of_no_day_leads_to_the_newest(base):
    answer = requests.get(f"{base}/papers/date/tomorrow", timeout=5)

    assert ([hop.status_code for hop in answer.history], answer.url) == ([302], f"{base}/papers")
    assert parse_page(answer.content).day == FRIDAY


def test_feed_gives_new_and_crossed_papers_and_counts_replacements(base):
    feed = parse_feed(fetch(f"{base}/rss/{DEFAULT}"))

    sections = Counter(record.section for record in feed.records)
    assert (feed.day, feed.rejects, feed.dropped, sections) == (FRIDAY, [], 2, {"new": 13, "cross": 4})
    assert feed.records[-1].abstract.startswith(LABEL)
    assert next(r for r in feed.records if r.arxiv_id == "2600.00065").categories == ("cs.LG", "math.OC")


def test_feed_shares_papers_with_hugging_face(base):
    feed = parse_feed(fetch(f"{base}/rss/{DEFAULT}"))

    both = {record.arxiv_id for record in feed.records} & {record.arxiv_id for record in shown(base)}
    assert both == {f"2600.{number:05}" for number in (50, 51, 53, 54, 56, 57, 59, 60)}


def test_feed_holds_the_categories_asked_for_only(base):
    ids = {
        query: [record.arxiv_id for record in parse_feed(fetch(f"{base}/rss/{query}")).records]
        for query in ("astro-ph.SR", "astro-ph", "q-bio", "hep-th")
    }

    assert ids == {"astro-ph.SR": ["2600.00069"], "astro-ph": ["2600.00069"], "q-bio": ["2600.00068"], "hep-th": []}


def test_feed_of_no_category_is_an_error_feed(base):
    answer = requests.get(f"{base}/rss/<script>", timeout=5)

    assert answer.status_code == 400
    with pytest.raises(UnexpectedShape, match="Feed error for query: <script>"):
        parse_feed(answer.content)


def test_query_finds_known_ids_and_leaves_out_the_others(base):
    page = parse_query(fetch(f"{base}/api/query?id_list=2600.00031,2600.99999,2600.00001v1&max_results=100"))

    found = [(record.arxiv_id, record.published_on, record.author_count) for record in page.batch.records]
    assert page.total == 2
    assert found == [("2600.00001", date(2026, 8, 8), 3), ("2600.00031", date(2026, 8, 11), 40)]


def test_query_for_a_malformed_id_is_an_error_entry(base):
    answer = requests.get(f"{base}/api/query?id_list=2600.00001,abc", timeout=5)

    assert answer.status_code == 400
    with pytest.raises(UnexpectedShape, match="incorrect id format for abc"):
        parse_query(answer.content)


@pytest.mark.parametrize("path", ["/", "/api", "/papers/week/2026-W33", "/rss", "/../etc/passwd"])
def test_other_addresses_are_not_found(path):
    assert Upstream(SATURDAY).answer(path).status == 404


def test_server_listens_on_loopback_only():
    with bind(SATURDAY) as server:
        assert server.server_address[0] == "127.0.0.1"


def start(tmp_path, *arguments: str) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "ENV_FILE": os.devnull}
    command = [sys.executable, str(ROOT / "manage.py"), "sample_upstream", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_command_serves_until_interrupted(tmp_path):
    with start(tmp_path, "--port", "0") as process:
        try:
            address = [process.stdout.readline() for _ in range(2)][1].strip()
            body = fetch(address)
        finally:
            process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=20)

    assert len(parse_page(body).records) == 11
    assert (process.returncode, errors, rest.splitlines()[-1]) == (0, "", "Stopped.")


def test_command_names_a_port_it_cannot_use(tmp_path):
    with bind(SATURDAY) as taken, start(tmp_path, "--port", str(taken.server_port)) as process:
        _, errors = process.communicate(timeout=20)

    assert process.returncode == 1
    assert re.fullmatch(r"CommandError: Port \d+ cannot be used \(.*\): choose another with --port\.\n", errors)
