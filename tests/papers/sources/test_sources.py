from papers.sources import SOURCES, build_sources
from papers.sources.arxiv import Arxiv
from papers.sources.huggingface import HuggingFace


def test_sources_are_found_by_their_slug():
    assert {slug: type(source) for slug, source in SOURCES.items()} == {"huggingface": HuggingFace, "arxiv": Arxiv}
    assert all(source.slug == slug for slug, source in SOURCES.items())


def test_build_sources_reads_from_other_addresses():
    sources = build_sources("http://a.invalid/", "http://b.invalid", "http://c.invalid/", "http://d.invalid")

    assert vars(sources["huggingface"]) == {"base_url": "http://a.invalid"}
    assert vars(sources["arxiv"]) == {
        "base_url": "http://b.invalid",
        "rss_url": "http://c.invalid",
        "api_url": "http://d.invalid",
    }
