"""An index of a few papers that answers many queries, each distinct condition worked out once.

The papers of a window are few, the interests many and repeated. What a condition finds is kept, so a
query costs no more than its Boolean sum afterwards. No database, no logging; nothing here raises.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, Protocol

from papers.search.document import Document, contains, find, runs
from papers.search.expression import All, Condition, Expression, Not, Phrase, Some, conditions
from papers.search.metadata import Metadata
from papers.search.normalise import FIELD_MARK, spans
from papers.search.query import Query
from papers.search.scoring import Scorer

MAX_TERMS = 5


class Searchable(Protocol):
    """What can be searched. Stored papers and records fresh from a source both can."""

    @property
    def title(self) -> str: ...
    @property
    def abstract(self) -> str: ...
    @property
    def authors(self) -> Sequence[str]: ...
    @property
    def organisation(self) -> str: ...
    @property
    def organisation_name(self) -> str: ...
    @property
    def categories(self) -> Sequence[str]: ...
    @property
    def keywords(self) -> Sequence[str]: ...
    @property
    def votes(self) -> int | None: ...


class Index:
    """Some papers, read once. They go by their position in `papers`."""

    def __init__(self, papers: Iterable[Searchable]) -> None:
        self.papers: list[Any] = list(papers)
        self.documents = [Document(_fields(paper)) for paper in self.papers]
        self._metadata = Metadata(self.papers)
        self._found: dict[str, Sequence[int]] = {}
        self._spans: dict[tuple[int, int], array[int]] = {}

    def match(self, query: Query) -> "Matches":
        """The papers one query finds."""
        return self.match_many([query])[query.normal]

    def match_many(self, queries: Iterable[Query]) -> dict[str, "Matches"]:
        """By normal form, the papers each query finds. A condition that several share is looked for once."""
        distinct = {query.normal: query for query in queries}
        self._look_for(query.expression for query in distinct.values())
        return {
            normal: Matches(self, query.expression, self._evaluate(query.expression))
            for normal, query in distinct.items()
        }

    def positions(self, condition: Condition) -> Sequence[int]:
        """The papers that meet one condition, ascending."""
        if condition.normal not in self._found:
            self._look_for([condition])
        return self._found[condition.normal]

    @cached_property
    def scorer(self) -> Scorer:
        return Scorer(self.documents, self.positions)

    def terms(self, expression: Expression, position: int) -> tuple[str, ...]:
        """What in one paper made it match, as it stands there: each wording once, at most MAX_TERMS."""
        wordings: dict[str, str] = {}
        for condition, negated in conditions(expression):
            if not negated:
                for term in self._condition_terms(condition, position):
                    wordings.setdefault(term.casefold(), term)
        return tuple(islice(wordings.values(), MAX_TERMS))

    def _look_for(self, expressions: Iterable[Expression]) -> None:
        new = {
            condition.normal: condition
            for expression in expressions
            for condition, _ in ([(expression, False)] if isinstance(expression, Phrase) else conditions(expression))
            if condition.normal not in self._found
        }
        phrases = [condition for condition in new.values() if isinstance(condition, Phrase)]
        others = [condition for condition in new.values() if not isinstance(condition, Phrase)]
        self._found |= dict.fromkeys(new, ()) | find(self.documents, phrases) | self._metadata.find(others)

    def _evaluate(self, expression: Expression) -> Sequence[int]:
        match expression:
            case Not() | All() | Some():
                return sorted(self._set(expression))
        return self._found[expression.normal]

    def _set(self, expression: Expression) -> set[int]:
        match expression:
            case Not(operand=operand):
                return set(range(len(self.papers))) - self._set(operand)
            case All(operands=operands):
                return set.intersection(*map(self._set, operands))
            case Some(operands=operands):
                return set.union(*map(self._set, operands))
        return set(self._found[expression.normal])

    def _condition_terms(self, condition: Condition, position: int) -> Iterator[str]:
        if not isinstance(condition, Phrase):
            yield from self._metadata.terms(condition, position)
            return
        document = self.documents[position]
        for first, last in runs(document, condition):
            number = bisect_right(document.bounds, first)
            before = document.bounds[number - 1] if number else 0
            text = _fields(self.papers[position])[number]
            places = self._places(position, number, text)
            yield text[places[2 * (first - before)] : places[2 * (last - before) + 1]].strip("{}")

    def _places(self, position: int, number: int, text: str) -> "array[int]":
        places = self._spans.get((position, number))
        if places is None:
            places = self._spans[position, number] = spans(text)
        return places


class Matches(Mapping[int, tuple[str, ...]]):
    """The positions of the papers found, ascending; for each, when asked, the terms as they stand there.

    Terms are worked out for the papers that are looked at, so that holding the answers to many queries
    costs little more than their positions.
    """

    __slots__ = ("_expression", "_index", "_positions", "_terms")

    def __init__(
        self,
        index: Index,
        expression: Expression,
        positions: Sequence[int],
        terms: dict[int, tuple[str, ...]] | None = None,
    ) -> None:
        self._index = index
        self._expression = expression
        self._positions = positions
        self._terms = {} if terms is None else terms

    def __getitem__(self, position: int) -> tuple[str, ...]:
        if position not in self:
            raise KeyError(position)
        if position not in self._terms:
            self._terms[position] = self._index.terms(self._expression, position)
        return self._terms[position]

    def __contains__(self, position: object) -> bool:
        return isinstance(position, int) and contains(self._positions, position)

    def __iter__(self) -> Iterator[int]:
        return iter(self._positions)

    def __len__(self) -> int:
        return len(self._positions)

    def __repr__(self) -> str:
        return f"Matches({dict(self)})"

    def where(self, keep: Callable[[int], bool]) -> "Matches":
        """Those whose position is to be kept. Works out no terms."""
        return Matches(self._index, self._expression, list(filter(keep, self._positions)), self._terms)


def _fields(paper: Searchable) -> tuple[str, str, str]:
    return paper.title, paper.abstract, FIELD_MARK.join(paper.keywords)
