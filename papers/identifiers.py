"""arXiv identifiers: one paper, one key, whatever form it arrives in."""

import re

# https://info.arxiv.org/help/arxiv_identifier.html
_NEW = r"\d{4}\.\d{4,5}"
_OLD = r"[a-z-]+(?:\.[A-Z]{2})?/\d{7}"
_CORE = re.compile(rf"(?P<id>{_NEW}|{_OLD})(?P<version>v\d+)?\Z")
_PREFIX = re.compile(
    r"(?:(?:https?://)?(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|format)/"
    r"|(?:https?://)?(?:www\.)?huggingface\.co/papers/"
    r"|(?:https?://)?(?:dx\.)?(?:doi\.org/)?10\.48550/arxiv\."
    r"|oai:arxiv\.org:|arxiv:\s*)",
    re.IGNORECASE,
)
_CATEGORY = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?\Z")

MAX_ARXIV_ID = 32


def parse_arxiv_id(value: str) -> str | None:
    """Return the identifier without version, or None when `value` is not one.

    Accepts `2401.01234v2`, `arXiv:2401.01234`, `hep-th/9901001`, `math.GT/0309136`, abs, pdf and html
    addresses of arXiv, Hugging Face paper pages, `oai:` names and DOIs under 10.48550.
    """
    text = value.strip()
    text = _PREFIX.sub("", text, count=1) if _PREFIX.match(text) else text
    text = re.sub(r"(?:\.pdf)?/?(?:[?#].*)?\Z", "", text)
    match = _CORE.match(text)
    if match is None or len(match["id"]) > MAX_ARXIV_ID:
        return None
    # The subject class of an old identifier is not part of its name: math.GT/0309136 = math/0309136.
    return re.sub(r"\.[A-Z]{2}/", "/", match["id"])


def parse_version(value: str) -> int | None:
    """Return the version number at the end of an identifier or address, if it has one."""
    match = re.search(r"v(\d{1,4})(?:\.pdf)?\Z", value.strip())
    return int(match[1]) if match else None


def is_category(value: str) -> bool:
    """Tell an arXiv category (`cs.LG`, `quant-ph`) from ACM and MSC classes."""
    return _CATEGORY.match(value) is not None


class ArxivIdConverter:
    """Path converter: `/papers/<arxiv:arxiv_id>`, old style with its slash included."""

    regex = rf"(?:{_NEW}|{_OLD})(?:v\d+)?"

    def to_python(self, value: str) -> str:
        parsed = parse_arxiv_id(value)
        if parsed is None:
            raise ValueError
        return parsed

    def to_url(self, value: str) -> str:
        return value
