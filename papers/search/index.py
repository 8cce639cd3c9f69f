"""An index of a few papers that answers many queries, each distinct condition worked out once.

The papers of a window are few, the interests many and repeated. What a condition finds is kept, so a
query costs no more than its Boolean sum afterwards. No database, no logging; nothing here raises.
"""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, Protocol

from papers.search.document import Document, contains, find, runs
from papers.search.expression import All, Condition, Expression, Not, Phrase, Some, conditions
from papers.search.likeness import Likeness
from papers.search.metadata import Described, Metadata
from papers.search.normalise import FIELD_MARK, spans
from papers.search.postings import Postings, Texts
from papers.search.query import Query
from papers.search.scoring import Scorer

MAX_TERMS = 5
MAX_REMEMBERED = 200_000
# Postings cost as much as reading all papers for so many questions.
_READINGS = 6


class Searchable(Described, Protocol):
    """What can be searched. Stored papers and records fresh from a source both can."""

    @property
    def title(self) -> str: ...
    @property
    def abstract(self) -> str: ...
    @property
    def keywords(self) -> Sequence[str]: ...
    @property
    def votes(self) -> int | None: ...


class Index:
    """Some papers, read once. They go by their position in `papers`. `read` makes a document of a paper's fields."""

    def __init__(self, papers: Iterable[Searchable], read: Callable[[tuple[str, ...]], Document] = Document) -> None:
        self.papers: list[Any] = list(papers)
        self.documents = [read(_fields(paper)) for paper in self.papers]
        self._metadata = Metadata(self.papers)
        self._found: dict[str, Sequence[int]] = {}
        self._asked = 0
        self._terms: dict[tuple[str, int], tuple[str, ...]] = {}
        self._spans: dict[tuple[int, int], array[int]] = {}

    def match(self, query: Query) -> "Matches":
        """The papers one query finds."""
        return self.match_many([query])[query.normal]

    def match_many(self, queries: Iterable[Query]) -> dict[str, "Matches"]:
        """By normal form, the papers each query finds. A condition that several share is looked for once."""
        distinct = {query.normal: query.expression for query in queries}
        self._look_for(distinct.values())
        answers = {}
        nothing = Matches(self, Some("", ()), ())
        for normal, expression in distinct.items():
            positions = self._found.get(expression.normal)
            if positions is None:
                positions = sorted(self._evaluate(expression))
            answers[normal] = Matches(self, expression, positions) if positions else nothing
        return answers

    def positions(self, condition: Condition) -> Sequence[int]:
        """The papers that meet one condition, ascending."""
        if condition.normal not in self._found:
            self._look_for([condition])
        return self._found[condition.normal]

    @property
    def remembered(self) -> int:
        """How many conditions it keeps the answer to."""
        return len(self._found)

    def forget(self) -> None:
        """Give back the memory of what was asked; answers given before stay right."""
        for memory in (self._found, self._terms, self._spans):
            memory.clear()

    def alike(self, paper: Searchable) -> Mapping[int, float]:
        """By position, how alike a paper from anywhere is, 0 to 1, save where it hardly is."""
        return self._likeness.to(paper, Document(_fields(paper)))

    @cached_property
    def _likeness(self) -> Likeness:
        return Likeness(self.papers, self.documents)

    @cached_property
    def vocabulary(self) -> Counter[str]:
        """Every word there is, in its normal form, and how many papers have it."""
        return self._texts().vocabulary

    @cached_property
    def scorer(self) -> Scorer:
        return Scorer(self.documents, self.positions, self._texts)

    def terms(self, expression: Expression, position: int) -> tuple[str, ...]:
        """What in one paper made it match, as it stands there: each wording once, at most MAX_TERMS."""
        key = (expression.normal, position)
        if key not in self._terms:
            if len(self._terms) >= MAX_REMEMBERED:
                self._terms.clear()
            self._terms[key] = self._work_out_terms(expression, position)
        return self._terms[key]

    def _work_out_terms(self, expression: Expression, position: int) -> tuple[str, ...]:
        wordings: dict[str, str] = {}
        for condition, negated in conditions(expression):
            if not negated:
                for term in self._condition_terms(condition, position):
                    wordings.setdefault(term.casefold(), term)
        return tuple(islice(wordings.values(), MAX_TERMS))

    def _look_for(self, expressions: Iterable[Expression]) -> None:
        if len(self._found) > MAX_REMEMBERED:
            self._found.clear()
        phrases: dict[str, Phrase] = {}
        facts: dict[str, Condition] = {}
        for expression in expressions:
            # Nearly all are single phrases, and there may be very many.
            parts = [expression] if isinstance(expression, Phrase) else [one for one, _ in conditions(expression)]
            for condition in parts:
                if condition.normal in self._found:
                    continue
                if isinstance(condition, Phrase):
                    phrases[condition.normal] = condition
                else:
                    facts[condition.normal] = condition
        self._found.update(dict.fromkeys(phrases, ()))
        self._found.update(dict.fromkeys(facts, ()))
        self._found.update(find(self.documents, phrases.values(), self._find_one))
        self._found.update(self._metadata.find(facts.values()))

    def _find_one(self, phrase: Phrase) -> list[int]:
        return self._texts().find(phrase)

    def _texts(self) -> Texts:
        """What answers the next question about words."""
        self._asked += 1
        return Texts(self.documents) if self._asked <= _READINGS else self._postings

    @cached_property
    def _postings(self) -> Postings:
        return Postings(self.documents)

    def _evaluate(self, expression: Expression) -> Iterable[int]:
        match expression:
            case Not(operand=operand):
                return set(range(len(self.papers))).difference(self._evaluate(operand))
            case All(operands=[first, *others]):
                return set(self._evaluate(first)).intersection(*map(self._evaluate, others))
            case Some(operands=operands):
                return set().union(*map(self._evaluate, operands))
        return self._found[expression.normal]

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

    Holding the answers to many queries costs little more than their positions.
    """

    __slots__ = ("_expression", "_index", "_positions")

    def __init__(self, index: Index, expression: Expression, positions: Sequence[int]) -> None:
        self._index = index
        self._expression = expression
        self._positions = positions

    def __getitem__(self, position: int) -> tuple[str, ...]:
        if position not in self:
            raise KeyError(position)
        return self._index.terms(self._expression, position)

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
        return Matches(self._index, self._expression, list(filter(keep, self._positions)))


def _fields(paper: Searchable) -> tuple[str, str, str]:
    return paper.title, paper.abstract, FIELD_MARK.join(paper.keywords)
