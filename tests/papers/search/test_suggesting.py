from types import SimpleNamespace
from typing import Any

import pytest

from papers.search import Index, parse
from papers.search.suggesting import Topic, narrower, near, respelt, topics, wider


def paper(title: str, abstract: str = "", **fields: Any) -> SimpleNamespace:
    values = {
        "authors": ["Yan Lovelace"], "organisation": "google", "organisation_name": "Google", "categories": ["cs.LG"],
        "keywords": [], "votes": 0,
    }  # fmt: skip
    return SimpleNamespace(title=title, abstract=abstract, **values | fields)


def index(*titles: str) -> Index:
    return Index([paper(title) for title in titles])


def test_topics_are_what_titles_share_as_they_mostly_write_it():
    papers = [
        paper("Grokking Diffusion Models on a Budget"),
        paper("A Survey of Diffusion Models"),
        paper("diffusion model, revisited"),
        paper("Retrieval for LLMs"),
        paper("How LLMs Fail"),
    ]

    assert topics(papers, limit=5) == [Topic("diffusion models", 3), Topic("LLMs", 2)]


def test_topics_leave_out_what_is_part_of_a_longer_one():
    papers = [paper(f"Large Language Models for {field}") for field in ("law", "music", "games")]

    assert topics(papers, limit=5) == [Topic("large language models", 3)]


def test_topics_count_a_papers_keywords_once_with_its_title():
    papers = [paper("State space models", keywords=["state space models", "Mamba"]) for _ in range(3)]

    assert topics(papers, limit=5) == [Topic("state space models", 3)]


def test_topics_do_not_run_across_punctuation_and_common_words():
    papers = [paper("Sparse attention: graph networks with hidden noise") for _ in range(3)]

    assert [topic.text for topic in topics(papers, limit=9)] == ["sparse attention", "graph networks", "hidden noise"]


@pytest.mark.parametrize("titles", [(), ("",), ("x",), ("∅ → \\frac{a}{b}",)])
def test_topics_of_next_to_nothing(titles):
    assert topics([paper(title) for title in titles], limit=5) == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("difusion models", ["diffusion models"]),
        ("grokkng", ["grokking"]),
        ("title:difusoin", []),  # two slips are a guess
        ("title:diffusoin", ["title:diffusion"]),
        ('(difusion OR grokkng) AND NOT "model"', ['(diffusion OR grokking) AND NOT "model"']),
        ("author:Lovelase", ["author:lovelace"]),
        ("org:gogle", ["org:google"]),
        ("lovelase", []),
        ("diffusion", []),
        ("模型扩散", []),
    ],
)
def test_respelt(typed, meant):
    assert list(respelt(parse(typed), index("Grokking diffusion models"))) == meant


def test_near_prefers_the_frequent_word():
    assert near("grap", {"grape": 2, "graph": 9, "group": 99}) == ["graph", "grape"]
    assert near("cat", {"cats": 1}) == []


def test_near_reads_a_british_word_misspelt():
    assert near("quantisaton", {"quantization": 1}) == ["quantization"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (
            "sparse graph grokking",
            [
                'author:"sparse graph grokking"',
                'org:"sparse graph grokking"',
                "sparse AND graph AND grokking",
                "graph grokking",
                "sparse graph",
            ],
        ),
        ('"Ada Lovelace"', ['author:"Ada Lovelace"', 'org:"Ada Lovelace"', "Ada AND Lovelace"]),
        ("RAG", ["rag", "author:RAG", "org:RAG"]),
        ("grokking", ["author:grokking", "org:grokking"]),
        ("a title of five words", ["title AND five AND words", "title of five words", "a title of five"]),
        (
            "diffusion or flow",
            [
                "diffusion OR flow",
                'author:"diffusion or flow"',
                'org:"diffusion or flow"',
                "diffusion AND flow",
                "or flow",
                "diffusion or",
            ],
        ),
        ("cs.CL", ["cat:cs.CL", 'author:"cs CL"', 'org:"cs CL"', "cs AND CL"]),
        ("cat:cs.LG", ["cat:cs.*"]),
        ("title:graph", []),
        ("a OR b", []),
        ("robot*", []),
    ],
)
def test_wider(typed, expected):
    assert list(wider(parse(typed))) == expected


def test_narrower_adds_neighbours_then_topics_then_the_title():
    made = index(
        "Latent diffusion for molecules",
        "Latent diffusion and protein folding",
        "Protein folding by diffusion bridges",
        "Diffusion, everywhere",
    )
    query = parse("diffusion")

    assert list(narrower(query, made, list(made.match(query)))) == [
        "latent diffusion",
        "diffusion bridge",
        'diffusion AND "protein folding"',
        "title:diffusion",
    ]


def test_narrower_leaves_out_what_only_abbreviates():
    made = index(
        "Deep reinforcement learning (DRL) agents",
        "Reinforcement learning (RL) for robots",
        "Reinforcement learning (RL) for games",
    )

    assert [
        [text for text in narrower(query, made, list(made.match(query))) if " AND " not in text]
        for query in map(parse, ("reinforcement learning", "RL"))
    ] == [["deep reinforcement learning", 'title:"reinforcement learning"'], ["title:RL"]]


def test_narrower_keeps_the_whole_of_what_stands_before():
    made = index(
        "High-quality video generation",
        "High-quality video generation at night",
        "Long video generation",
        "Quality of video generation",
    )
    query = parse("video generation")

    assert list(narrower(query, made, list(made.match(query))))[:2] == [
        "high quality video generation",
        "long video generation",
    ]


def test_narrower_brackets_what_is_more_than_one_condition():
    made = index(*["Protein folding by diffusion or flows"] * 3)
    query = parse("diffusion OR flows")

    assert '(diffusion OR flows) AND "protein folding"' in list(narrower(query, made, [0, 1, 2]))
