"""Real responses and public corpora, where UPSTREAM_SAMPLES names the folder that holds them."""

import os
import resource
import time
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from papers.sources.arxiv.atom import parse_query
from papers.sources.arxiv.listing import parse_listing
from papers.sources.arxiv.rss import parse_feed
from papers.sources.base import SourceError, UnexpectedShape
from papers.sources.documents import load_json, load_xml
from papers.sources.huggingface.api import parse_api
from papers.sources.huggingface.page import parse_page
from papers.sources.huggingface.text import parse_text
from papers.sources.saved import parse_saved

if not os.environ.get("UPSTREAM_SAMPLES"):
    pytest.skip("UPSTREAM_SAMPLES is not set", allow_module_level=True)

SAMPLES = Path(os.environ["UPSTREAM_SAMPLES"])
UPSTREAM, CORPORA = SAMPLES / "upstream", SAMPLES / "corpora"
PARSERS = (parse_api, parse_page, parse_text, parse_feed, parse_listing, parse_query, parse_saved)

pytestmark = pytest.mark.samples


def files(folder: Path, pattern: str = "*") -> list[Path]:
    found = sorted(path for path in folder.rglob(pattern) if path.is_file())
    assert found, f"nothing in {folder}"
    return found


def name(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", files(UPSTREAM / "hf_json"), ids=name)
def test_every_day_of_the_api_is_read_without_loss(path: Path):
    source, batch = parse_saved(path.read_bytes(), name=path.name)

    assert (source, batch.day) == ("huggingface", date.fromisoformat(path.name[:10]))
    assert (len(batch.records), list(batch.rejects), list(batch.warnings)) == (
        len(load_json(path.read_bytes(), path.name)),
        [],
        [],
    )
    assert all(record.arxiv_id and record.abstract and record.authors for record in batch.records)
    assert [record.votes for record in batch.records] == sorted((r.votes for r in batch.records), reverse=True)


def test_two_captures_of_a_day_are_one_growing_list():
    early, late = (parse_api(path.read_bytes()) for path in files(UPSTREAM / "hf_json", "2025-01-22*"))

    assert (len(early.records), len(late.records)) == (1, 13)
    assert {record.arxiv_id for record in early.records} <= {record.arxiv_id for record in late.records}


@pytest.mark.parametrize(
    ("file", "papers", "authors", "dated", "comments"), [("000_*", 36, 33, 22, 8), ("002_*", 64, 0, 0, 0)]
)
def test_saved_listings_give_every_paper(file: str, papers: int, authors: int, dated: int, comments: int):
    [path] = files(SAMPLES / "listings", file)

    source, batch = parse_saved(path.read_bytes(), name=path.name)

    assert (source, batch.day, len(batch.records), list(batch.rejects)) == ("huggingface", None, papers, [])
    assert all(len(record.title) < 250 < len(record.abstract) for record in batch.records)
    assert sum(record.author_count is not None for record in batch.records) == authors
    assert sum(record.published_on is not None for record in batch.records) == dated
    assert sum(record.comments is not None for record in batch.records) == comments


def test_page_and_challenge_are_told_apart():
    page = parse_page((UPSTREAM / "hf_html" / "papers_2026-09-28_trimmed.html").read_bytes())

    assert (page.day, len(page.records), list(page.rejects)) == (date(2026, 9, 28), 2, [])
    with pytest.raises(UnexpectedShape, match="no DailyPapers island"):
        parse_page((UPSTREAM / "hf_html" / "challenge_no_data.html").read_bytes())


@pytest.mark.parametrize(
    ("file", "day", "papers", "dropped"),
    [
        ("atom_cs.AI_2025-08-20.xml", date(2025, 8, 20), 7, 0),
        ("rss_multi_2026-09-24.xml", date(2026, 9, 24), 3, 1),
        ("rss_empty_weekend.xml", date(2026, 9, 24), 0, 0),
    ],
)
def test_feeds_are_read(file: str, day: date, papers: int, dropped: int):
    batch = parse_feed((UPSTREAM / "arxiv_rss" / file).read_bytes())

    assert (batch.day, len(batch.records), batch.dropped, list(batch.rejects)) == (day, papers, dropped, [])


def test_feed_cut_in_transit_is_refused():
    with pytest.raises(UnexpectedShape, match="not whole XML"):
        parse_feed((UPSTREAM / "arxiv_rss" / "atom_cs.AI_2025-08-20_cut.xml").read_bytes())


def test_list_is_read():
    [path] = files(UPSTREAM / "arxiv_list")

    batch = parse_listing(path.read_bytes()).batch

    assert (batch.day, batch.dropped, list(batch.rejects)) == (date(2026, 8, 12), 2, [])
    assert [record.section for record in batch.records] == ["new", "new", "cross", "cross"]
    assert all(record.abstract and record.authors and record.categories for record in batch.records)


@pytest.mark.parametrize(
    ("part", "ids"),
    [
        ("id_0000", []),
        ("id_0808", ["1707.08567"]),
        ("id_1605", ["1605.08386"]),
        ("id_astro-ph", ["astro-ph/0601001"]),
        ("arxivpy2016", ["1111.2011", "cond-mat/0607501"]),
    ],
)
def test_answers_of_the_query_api_are_read(part: str, ids: list[str]):
    [path] = files(UPSTREAM / "arxiv_atom", f"*{part}*")

    batch = parse_query(path.read_bytes()).batch

    assert [record.arxiv_id for record in batch.records] == ids
    assert all(record.published_on and record.abstract and record.authors for record in batch.records)


@pytest.mark.parametrize("path", files(UPSTREAM / "arxiv_atom", "*q_testing*"), ids=name)
def test_pages_of_a_search_are_read(path: Path):
    page = parse_query(path.read_bytes())

    assert (len(page.batch.records), list(page.batch.rejects), page.total) == (10, [], 214881)


@pytest.mark.parametrize("part", ["id_abc", "malformed_id"])
def test_error_in_the_dress_of_a_paper_is_an_error(part: str):
    [path] = files(UPSTREAM / "arxiv_atom", f"*{part}*")

    with pytest.raises(UnexpectedShape, match="incorrect id format for"):
        parse_query(path.read_bytes())


@pytest.mark.parametrize("path", files(CORPORA / "JSONTestSuite", "*.json"), ids=name)
def test_json_is_accepted_where_it_must_be_and_refused_by_name_elsewhere(path: Path):
    try:
        load_json(path.read_bytes(), path.name)
        accepted = True
    except UnexpectedShape:
        accepted = False

    assert path.name[0] == "i" or accepted == (path.name[0] == "y")


@pytest.mark.parametrize("path", [p for p in files(CORPORA / "defusedxml") if b"<!DOCTYPE" in p.read_bytes()], ids=name)
def test_document_with_a_doctype_is_refused_in_no_time(path: Path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()

    with pytest.raises(UnexpectedShape, match="DOCTYPE"):
        load_xml(path.read_bytes(), path.name)

    assert time.perf_counter() - started < 0.5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024  # kilobytes


@pytest.mark.parametrize(
    "corpus", ["JSONTestSuite", "defusedxml", "feedparser", "DOMPurify", "big-list-of-naughty-strings"]
)
def test_no_file_of_a_corpus_escapes_as_anything_but_a_source_error(corpus: str):
    read = 0
    for path in files(CORPORA / corpus):
        body = path.read_bytes()
        for parse in PARSERS:
            with suppress(SourceError):
                parse(body)
            read += 1

    assert read >= len(PARSERS)


@pytest.mark.parametrize("path", files(UPSTREAM), ids=name)
def test_no_cut_of_a_real_response_escapes_as_anything_but_a_source_error(path: Path):
    """A body broken off anywhere is an error, or (an HTML page past its data) the whole of it."""
    body = path.read_bytes()
    whole = _read(body)
    for part in range(1, 20):
        cut = _read(body[: len(body) * part // 20])

        assert cut is None or path.suffix == ".html"
        assert cut is None or whole is None or len(cut) <= len(whole)


def _read(body: bytes) -> list[str | None] | None:
    try:
        return [record.arxiv_id for record in parse_saved(body)[1].records]
    except SourceError:
        return None
