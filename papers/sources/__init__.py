"""The sites papers come from. A new one is a package beside these and a line in `build_sources`."""

from papers.sources import arxiv, huggingface
from papers.sources.base import Source


def build_sources(
    huggingface_url: str = huggingface.SITE,
    arxiv_url: str = arxiv.SITE,
    arxiv_rss_url: str = arxiv.FEEDS,
    arxiv_api_url: str = arxiv.API,
) -> dict[str, Source]:
    """Make every source, by slug; other addresses are for mirrors and for tests."""
    sources: tuple[Source, ...] = (
        huggingface.HuggingFace(huggingface_url),
        arxiv.Arxiv(arxiv_url, arxiv_rss_url, arxiv_api_url),
    )
    return {source.slug: source for source in sources}


SOURCES = build_sources()
