"""A web made of a dict."""

from papers.sources.base import FetchFailed


class Web(dict[str, bytes | Exception]):
    """Answers by address, an exception being raised; what is not there is not found. Remembers what was asked."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.asked: list[str] = []

    def get(self, url: str) -> bytes:  # type: ignore[override]
        self.asked.append(url)
        answer = self[url] if url in self else FetchFailed(f"{url}: HTTP 404")
        if isinstance(answer, Exception):
            raise answer
        return answer
