import pytest

from papers.sources.arxiv.wording import is_withdrawn, split_authors


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Mira Oakfield", ("Mira Oakfield",)),
        ("Mira Oakfield, Tomas Veldt", ("Mira Oakfield", "Tomas Veldt")),
        ("Tomas Veldt, Jr., Ada Quill, III", ("Tomas Veldt, Jr.", "Ada Quill, III")),
        ("Ivo Ivens,Vera Vane", ("Ivo Ivens", "Vera Vane")),
        ("Lantern Collaboration:, Ada Quill, ", ("Lantern Collaboration:", "Ada Quill")),
        ("", ()),
    ],
)
def test_authors_are_parted_at_commas_but_not_before_a_suffix(line: str, names: tuple[str, ...]):
    assert split_authors(line) == names


@pytest.mark.parametrize(
    "note",
    [
        "This paper has been withdrawn by the author due to an error",
        "this submission was withdrawn",
        "The manuscript has been temporarily withdrawn",
        "Withdrawn: Lemma 2 is wrong",
        "[Paper withdrawn]",
    ],
)
def test_note_of_withdrawal_is_seen(note: str):
    assert is_withdrawn("", note)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "12 pages",
        "Forty drugs were withdrawn",
        "We ask why this paper has been withdrawn",
        "Withdrawnness is a trait",
    ],
)
def test_paper_about_withdrawal_is_not_withdrawn(note: str):
    assert not is_withdrawn(note)
