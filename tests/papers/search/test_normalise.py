import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from papers.search.normalise import SMALL_WORDS, fold, is_unspaced, spans, split, token, tokens

# Letters that meet a rule are far likelier here than among all of Unicode.
WORDLIKE = st.text(alphabet="abdeghilmnorstuyzAIRS0129+#'’-\u00ad\u0301éßøΣς語ー한", max_size=12)
TEXTS = st.one_of(st.text(max_size=60), st.lists(WORDLIKE, max_size=8).map(" ".join))
TEXLIKE = st.text(alphabet="\\{}\"'`^~=.cvHo sabelt$_ 19,()", max_size=40)


def normal(text: str) -> list[str]:
    return [found.letters for found in tokens(text)[0]]


def gaps(text: str) -> list[str]:
    return tokens(text)[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("—!? …", []),
        ("State-Space Models", ["state", "space", "model"]),
        ("ﬁne‐tuning", ["fine", "tuning"]),
        ("soft\u00adhyphens zero\u200bwidth\ufeff", ["softhyphen", "zerowidth"]),
        ("naïve Erdős–Rényi", ["naive", "erdo", "renyi"]),
        ("nai\u0308ve", ["naive"]),
        ("Straße Łódź Ørsted Þór æon", ["strasse", "lodz", "orsted", "thor", "aeon"]),
        ("Newton's Newton’s NEWTON'S agents' don't", ["newton", "newton", "newton", "agent", "don", "t"]),
        ("C++ C# F# g++ 100+ A+B #1", ["c++", "c#", "f#", "g++", "100", "a", "b", "1"]),
        ("β-VAE µP ΔE ς", ["beta", "vae", "mup", "deltae", "sigma"]),
        ("H₂O x² ½ ①", ["h2o", "x2", "12", "1"]),
        ("𝐑𝐀𝐆 𝛽", ["rag", "beta"]),
        ("GPT-4.5 v1.0", ["gpt", "4", "5", "v1", "0"]),
        ("大语言 모델 データ", ["大", "语", "言", "모", "델", "デ", "ー", "タ"]),
        ("ﾃﾞｰﾀ", ["デ", "ー", "タ"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("snake_case", ["snake", "case"]),
        ("Copilot™ is", ["copilot", "is"]),
    ],
)
def test_tokens_have_one_form(text, expected):
    assert normal(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"Schr\"odinger Schr\"{o}dinger Schr{\"o}dinger", ["schrodinger"] * 3),
        (r"Erd{\H o}s Erd\H{o}s Erd\H os", ["erdo"] * 3),
        (r"Poincar\'e \'Etale \c Carol Fran\c{c}ois \v{S}ime", ["poincare", "etale", "carol", "francois", "sime"]),
        (r"S\o{}ren \L ukasz Stra\ss{}e \AA ngstr\"om", ["soren", "lukasz", "strasse", "angstrom"]),
        (r"$\alpha$-divergence \varepsilon-ball $\ell_1$", ["alpha", "divergence", "epsilon", "ball", "l", "1"]),
        (r"CO$_2$ at 97.5\% of R\&D", ["co", "2", "at", "97", "5", "of", "r", "d"]),
        (r"\textbf{Bold} \emph{and} \ourmethod{} here", ["bold", "and", "here"]),
        (r"LLaMA\nobreakdash-3", ["llama", "3"]),
        (r"\(W_1\) distance", ["w", "1", "distance"]),
        ("\\", []),
        (r"\\\ ", []),
    ],
)
def test_tokens_of_tex(text, expected):
    assert normal(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("state-space state space", ["", "", "", ""]),
        ("one, two; three. four", ["", ",", ",", ","]),
        ("a.b c/d e(f) g", ["", "", "", "", "", "", ""]),
        ("one (two) three, (four). five", ["", "", "", ",", ","]),
        ("so-called “deep” nets “learn.” They", ["", "", "", "", "", ","]),
        ("left - right – far", ["", ",", ","]),
        ("in formal in-formal", ["", " ", " ", ""]),
        ("agents' goals", ["", ""]),
        ("语言，模型", ["", "", ",", ""]),
        ("ディープ・ラーニング", [""] * 9),
        ("10% off", ["", ","]),
        ("x \x1f y", ["", ";"]),
        (r"\(W_1\) distance", ["", "", ""]),
        (r"state, \emph{space}", ["", ","]),
        ("pre- and post-training", ["", ",", " ", ""]),
    ],
)
def test_tokens_say_what_parts_them(text, expected):
    assert gaps(text) == expected


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("trans-\nformer", "transformer"),
        ("matri- ces", "matrix"),
        ("stud- ies", "study"),
        ("opti-\n  misation", "optimization"),
        ("Token- level", "tokenlevel"),
        ("colou- red", "colored"),
        ("model- s", "model"),
    ],
)
def test_tokens_word_broken_at_a_lines_end_is_joined(text, joined):
    assert ("".join(normal(text)), gaps(text)) == (joined, ["", ""])


def test_spans_are_the_tokens_as_they_stand():
    text = r"The \emph{Schr\"odinger} equation's state-spaces."
    places = spans(text)

    shown = [text[begin:end] for begin, end in zip(places[::2], places[1::2], strict=True)]

    assert shown == ["The", 'Schr\\"odinger}', "equation's", "state", "spaces"]
    assert normal(text) == ["the", "schrodinger", "equation", "state", "space"]


@given(st.one_of(TEXTS, TEXLIKE))
@example("\\")
@example("\\'")
@example("Schr\\")
def test_split_loses_nothing_and_spans_fit_the_tokens(text):
    parts = split(text)
    found, between = tokens(text)
    places = spans(text)

    assert ("".join(parts), len(parts) % 2) == (text, 1)
    assert (len(found), len(found), 0) == (len(between), len(places) // 2, len(places) % 2)
    assert list(places) == sorted(places)


@given(TEXTS)
@example("criterias datas analyseses")
@example("A0S ำ")
@example("ŉ İ ǰ ẞ ΐ")
def test_normalising_twice_changes_nothing(text):
    once = [token(word).letters for word in split(text)[1::2]]

    assert ["".join(normal(letters)) for letters in once] == once


@given(TEXTS)
def test_fold_is_stable_and_lower(text):
    once = [fold(word) for word in split(text)[1::2] if "\\" not in word]

    assert ([fold(word) for word in once], [word.lower() for word in once]) == (once, once)


def test_token_counts_capitals_and_knows_its_stems():
    assert [token(word)[1:] for word in ("RAG", "LLMs", "LoRA", "rag", "tuned")] == [
        (3, ()),
        (3, ()),
        (3, ()),
        (0, ()),
        (0, ("tun", "tune")),
    ]


def test_small_words_are_not_changed_by_normalising():
    assert [normal(word) for word in SMALL_WORDS] == [[word] for word in SMALL_WORDS]


def test_unspaced_scripts():
    assert [is_unspaced(character) for character in "语ー한aαя1 "] == [True, True, True] + [False] * 5


@pytest.mark.parametrize(
    "text",
    [
        "\\'" * 20_000,
        "{" * 40_000,
        "a-" * 20_000,
        "\\" * 40_000,
        "a\u0301" * 20_000,
        "+" * 40_000,
        "a'" * 20_000,
        "- " * 20_000,
    ],
)
def test_tokens_take_linear_time(text):
    assert len(tokens(text)[0]) <= len(text)
