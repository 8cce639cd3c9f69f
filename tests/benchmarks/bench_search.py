"""How fast many interests are matched, and in how much memory: `python -m tests.benchmarks.bench_search [phrases]`.

200,000 distinct phrases of one to four words against 1,000 papers of 191 words, all drawn from one
vocabulary of 20,000 words by Zipf's law. Times are CPU seconds of this process; in the end everything
is compared with looking for each phrase in each paper by `in`, on a sample.
"""

import gc
import os
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate

from papers.search import Index, Query, parse, rank
from papers.search.document import find
from papers.search.normalise import token, tokens

PHRASES, PAPERS, TITLE, ABSTRACT, VOCABULARY = 200_000, 1_000, 11, 180, 20_000
NAIVE_SAMPLE = 2_000
READERS, INTERESTS = 2_000, 8


@dataclass(frozen=True)
class Paper:
    title: str
    abstract: str
    authors: tuple[str, ...] = ()
    organisation: str = ""
    organisation_name: str = ""
    categories: tuple[str, ...] = ("cs.LG",)
    keywords: tuple[str, ...] = ()
    votes: int = 0


class Writer:
    """Invents words, texts and phrases. One word in eight ends in -ing, -ed or -er, as in real abstracts."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        words: set[str] = set()
        while len(words) < VOCABULARY:
            words.add(self._word())
        self.words = sorted(words)
        self.random.shuffle(self.words)
        self.weights = list(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))

    def _word(self) -> str:
        syllables = self.random.choice((1, 2, 2, 3, 3, 4))
        body = "".join(self.random.choice("bcdfglmnprstv") + self.random.choice("aeiou") for _ in range(syllables))
        return body + self.random.choice(("", "n", "t", "l", "s", "r", "nd", "ing", "ed", "er") + ("",) * 14)

    def draw(self, number: int) -> list[str]:
        return self.random.choices(self.words, cum_weights=self.weights, k=number)

    def text(self, words: int) -> str:
        marks = self.random.choices((" ", ", ", ". ", "-"), (88, 5, 4, 3), k=words)
        return "".join(word + mark for word, mark in zip(self.draw(words), marks, strict=True)).capitalize()

    def paper(self) -> Paper:
        return Paper(self.text(TITLE), self.text(ABSTRACT), votes=self.random.randrange(50))

    def phrases(self, number: int) -> list[str]:
        found: dict[str, None] = {}
        while len(found) < number:
            found[" ".join(self.draw(self.random.choice((1, 2, 2, 2, 3, 3, 4))))] = None
        return list(found)


@contextmanager
def measured(what: str, results: dict[str, float]) -> Iterator[None]:
    start = time.process_time()
    yield
    results[what] = time.process_time() - start
    print(f"{what:<62} {results[what]:8.2f} s", flush=True)


def bytes_of(make: Callable[[], object]) -> int:
    """What a thing keeps allocated, caches of words left out: they are warm."""
    tracemalloc.start()
    made = make()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del made
    return size


def naive(papers: list[Paper], phrases: list[str]) -> int:
    texts = [f"{paper.title}\n{paper.abstract}".lower() for paper in papers]
    return sum(phrase in text for phrase in phrases for text in texts)


def bare_probe(papers: list[Paper], phrases: list[str]) -> int:
    """The least a probe can do: up to four whole words in a row, as typed, in one table."""
    table = set(phrases)
    pairs = 0
    for paper in papers:
        words = f"{paper.title} {paper.abstract}".lower().split()
        rows = (" ".join(words[at : at + size]) for at in range(len(words)) for size in (1, 2, 3, 4))
        pairs += len(table.intersection(rows))
    return pairs


def rank_for_readers(index: Index, queries: list[Query], rng: random.Random) -> None:
    found = index.match_many(queries)
    for _ in range(READERS):
        chosen = rng.sample(queries, INTERESTS)
        rank(index, {query: found[query.normal] for query in chosen}, limit=10)


def main(number: int = PHRASES) -> None:
    writer = Writer(1)
    papers = [writer.paper() for _ in range(PAPERS)]
    phrases = writer.phrases(number)
    results: dict[str, float] = {}
    print(f"{number:,} phrases, {PAPERS:,} papers of {TITLE + ABSTRACT} words, pid {os.getpid()}")

    with measured("normalise the papers, every word for the first time", results):
        count = sum(len(tokens(paper.title + " " + paper.abstract)[0]) for paper in papers)
    with measured(f"normalise the papers again ({count:,} tokens)", results):
        for paper in papers:
            tokens(paper.title + " " + paper.abstract)
    with measured("index the papers", results):
        index = Index(papers)
    with measured("parse the phrases", results):
        queries = list({query.normal: query for query in map(parse, phrases)}.values())
    # So that the collector does not walk over all of the above again and again while the rest is timed.
    gc.collect()
    gc.freeze()
    with measured("find all phrases, table and probe alone", results):
        find(index.documents, [query.expression for query in queries])
    with measured("match all phrases", results):
        answers = index.match_many(queries)
    pairs = sum(map(len, answers.values()))
    print(f"    {len(queries):,} distinct forms, {sum(map(bool, answers.values())):,} found, {pairs:,} pairs")
    with measured("match them again, from memory", results):
        index.match_many(queries)
    with measured("match 2,000 phrases in a new index", results):
        Index(papers).match_many(queries[:2_000])
    with measured("  of which the index", results):
        Index(papers)
    with measured("match one phrase", results):
        Index.match(index, parse("one phrase not asked before"))
    popular = sorted(queries, key=lambda query: -len(answers[query.normal]))[:2_000]
    with measured(f"rank for {READERS:,} readers with {INTERESTS} popular interests", results):
        rank_for_readers(index, popular, random.Random(2))
    with measured(f"naive `in`, {NAIVE_SAMPLE:,} phrases", results):
        naive(papers, phrases[:NAIVE_SAMPLE])

    with measured("bare probe of whole words, all phrases", results):
        bare_probe(papers, phrases)

    expected = results[f"naive `in`, {NAIVE_SAMPLE:,} phrases"] * number / NAIVE_SAMPLE
    print(f"naive `in` for all phrases would take {expected:.0f} s: {expected / results['match all phrases']:,.0f} ×")
    print(f"memory: index {bytes_of(lambda: Index(papers)) / 1e6:.1f} MB", end=", ")
    print(f"answers {bytes_of(lambda: Index(papers).match_many(queries)) / 1e6:.1f} MB more or less with it", end=", ")
    print(f"{len(queries):,} queries {bytes_of(lambda: list(map(parse, phrases))) / 1e6:.1f} MB", end=", ")
    print(f"{token.cache_info().currsize:,} words remembered")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
