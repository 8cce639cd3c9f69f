"""One paper, one key (STANDARDS R11); versions; what is a category of arXiv's."""

import pytest

from papers.identifiers import ArxivIdConverter, is_category, parse_arxiv_id, parse_version


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("2401.01234", "2401.01234"),
        ("2401.01234v2", "2401.01234"),
        (" 0704.0001v1\n", "0704.0001"),
        ("arXiv:2401.01234", "2401.01234"),
        ("arxiv: 2401.01234v12", "2401.01234"),
        ("hep-th/9901001", "hep-th/9901001"),
        ("hep-th/9901001v3", "hep-th/9901001"),
        ("math.GT/0309136", "math/0309136"),
        ("https://arxiv.org/abs/2401.01234v2", "2401.01234"),
        ("http://arxiv.org/abs/astro-ph/0601001v1", "astro-ph/0601001"),
        ("https://arxiv.org/pdf/2401.01234v1.pdf", "2401.01234"),
        ("https://arxiv.org/pdf/2401.01234", "2401.01234"),
        ("https://arxiv.org/html/2401.01234v3", "2401.01234"),
        ("https://www.arxiv.org/abs/2401.01234?context=cs.LG", "2401.01234"),
        ("export.arxiv.org/abs/2401.01234#x", "2401.01234"),
        ("https://huggingface.co/papers/2401.01234", "2401.01234"),
        ("10.48550/arXiv.2401.01234", "2401.01234"),
        ("https://doi.org/10.48550/ARXIV.2401.01234", "2401.01234"),
        ("oai:arXiv.org:2401.01234v1", "2401.01234"),
    ],
)
def test_r11_every_form_gives_one_key(written, key):
    assert (parse_arxiv_id(written), parse_arxiv_id(key)) == (key, key)


@pytest.mark.parametrize(
    "written",
    [
        "", "2401", "2401.123", "2401.123456", "2401.01234v", "2401.01234vv2", "v2401.01234", "hep-th/990100",
        "https://evil.example/abs/2401.01234", "https://arxiv.org.evil.example/abs/2401.01234", "2401.01234 2401.01235",
        "٢٤٠١.٠١٢٣٤x", f"{'a' * 40}/9901001", "10.1000/182", "../2401.01234",
    ],
)  # fmt: skip
def test_r11_what_is_no_identifier_has_no_key(written):
    assert parse_arxiv_id(written) is None


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ("2401.01234v2", 2),
        ("http://arxiv.org/abs/hep-th/9901001v13", 13),
        ("https://arxiv.org/pdf/2401.01234v1.pdf", 1),
        ("2401.01234", None),
        ("https://arxiv.org/abs/2401.01234", None),
    ],
)
def test_version_is_the_number_at_the_end(written, version):
    assert parse_version(written) == version


def test_category_has_a_dot_or_none_and_is_no_class_of_another_scheme():
    names = ["cs.LG", "quant-ph", "gr-qc", "cond-mat.mes-hall", "I.2.6", "68T05", "cs.LG, cs.AI", "", "Cs.LG"]

    assert [name for name in names if is_category(name)] == names[:4]


def test_address_of_a_paper_holds_its_key():
    converter = ArxivIdConverter()

    assert [converter.to_python(text) for text in ("2401.01234v2", "math.GT/0309136")] == ["2401.01234", "math/0309136"]
    assert converter.to_url("hep-th/9901001") == "hep-th/9901001"
