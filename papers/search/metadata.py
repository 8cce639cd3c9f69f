"""What is known about papers besides their text: who wrote them, where, in which category."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Protocol, TypeVar

from papers.search.document import Document, find
from papers.search.expression import Author, Category, Condition, Organisation
from papers.search.names import Name, is_same, parse_name

K = TypeVar("K")
V = TypeVar("V")


class Described(Protocol):
    @property
    def authors(self) -> Sequence[str]: ...
    @property
    def organisation(self) -> str: ...
    @property
    def organisation_name(self) -> str: ...
    @property
    def categories(self) -> Sequence[str]: ...


class Metadata:
    """Look-up tables over the papers, each made when first asked for. Papers go by their number."""

    def __init__(self, papers: Sequence[Described]) -> None:
        self.papers = papers

    def find(self, conditions: Iterable[Condition]) -> dict[str, Sequence[int]]:
        """For the normal form of each condition that is not a phrase, the papers that meet it, ascending."""
        found: dict[str, Sequence[int]] = {}
        organisations = []
        for condition in conditions:
            match condition:
                case Author():
                    found[condition.normal] = self._by_author(condition.name)
                case Category():
                    found[condition.normal] = self._by_category(condition.code)
                case Organisation():
                    organisations.append(condition)
        return found | self._by_organisation(organisations)

    def terms(self, condition: Condition, number: int) -> list[str]:
        """What in the paper meets the condition, as printed."""
        paper = self.papers[number]
        match condition:
            case Author():
                return [author for author in paper.authors if is_same(condition.name, parse_name(author))]
            case Category():
                return [category for category in paper.categories if _is_in(category, condition.code)]
            case Organisation() if number in self._by_organisation([condition]).get(condition.normal, ()):
                return [paper.organisation_name or paper.organisation]
        return []

    def _by_author(self, asked: Name) -> list[int]:
        names = self._names if asked.prefix else self._with_part.get(asked.parts[-1], ())
        return sorted({number for name in names if is_same(asked, name) for number in self._names[name]})

    def _by_category(self, code: str) -> list[int]:
        return sorted({number for one, numbers in self._categories.items() if _is_in(one, code) for number in numbers})

    def _by_organisation(self, asked: Sequence[Organisation]) -> dict[str, list[int]]:
        printed = list(self._organisations)
        found = find([Document(names) for names in printed], [one.phrase for one in asked]) if asked else {}
        return {
            normal: sorted(number for place in places for number in self._organisations[printed[place]])
            for normal, places in found.items()
        }

    @cached_property
    def _names(self) -> Mapping[Name, list[int]]:
        return _collect((parse_name(author), at) for at, paper in enumerate(self.papers) for author in paper.authors)

    @cached_property
    def _with_part(self) -> Mapping[str, list[Name]]:
        """Names by each of their parts: enough, since the family name asked for has to be one of them."""
        return _collect((part, name) for name in self._names for part in set(name.parts))

    @cached_property
    def _categories(self) -> Mapping[str, list[int]]:
        return _collect((category, at) for at, paper in enumerate(self.papers) for category in paper.categories)

    @cached_property
    def _organisations(self) -> Mapping[tuple[str, str], list[int]]:
        return _collect(
            ((paper.organisation, paper.organisation_name), at)
            for at, paper in enumerate(self.papers)
            if paper.organisation or paper.organisation_name
        )


def _is_in(category: str, code: str) -> bool:
    lower = category.lower()
    return lower == code or lower.startswith(f"{code}.")


def _collect(pairs: Iterable[tuple[K, V]]) -> Mapping[K, list[V]]:
    collected: defaultdict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        collected[key].append(value)
    return collected
