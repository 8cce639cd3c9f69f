from html.parser import HTMLParser

import pytest

from papers import markdown

NOTE = """# New: feeds

Hello *reader*, see [the **feeds**](https://example.org/feeds?a=1&b=2) or <https://example.org>.
Second line.

- one
- two

Write to [us](mailto:us@example.org).
"""
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](javascript:alert(1))",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    '<a href="javascript:alert(1)" onclick="alert(1)" style="position:fixed">x</a>',
    "<a href=' &#14; javascript:alert(1)'>x</a>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mi><style><img src=x onerror=alert(1)></style></mi></math>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<form action=https://example.org><input name=q><button>x</button></form>",
    "<style>*{display:none}</style><link rel=stylesheet href=//example.org><meta http-equiv=refresh content=0>",
    "`<script>alert(1)</script>`",
    '[x](https://example.org "><script>alert(1)</script>")',
    "<https://example.org/\"onmouseover='alert(1)'>",
    "<p id=csrfmiddlewaretoken class=hidden name=body>x</p>",
    "[x](/admin/)",
    "[x](//example.org)",
]
ATTRIBUTES = {"a": {"href", "rel"}}
TAGS = {"a", "b", "blockquote", "br", "code", "em", "hr", "i", "li", "ol", "p", "strong", "ul"}


class Reader(HTMLParser):
    """Notes what an announcement must not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in TAGS:
            self.found.append(tag)
        for name, value in attrs:
            if name not in ATTRIBUTES.get(tag, ()):
                self.found.append(f"{tag} {name}")
            if name == "href" and not (value or "").startswith(("https://", "http://", "mailto:")):
                self.found.append(f"{tag} href={value}")

    def handle_comment(self, data):
        self.found.append(f"<!--{data}")

    handle_decl = unknown_decl = handle_pi = handle_comment


def dangers(html: str) -> list[str]:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader.found


def test_to_html():
    first = '<a href="https://example.org/feeds?a=1&amp;b=2" rel="noopener noreferrer">the <strong>feeds</strong></a>'
    second = '<a href="https://example.org" rel="noopener noreferrer">https://example.org</a>'
    mail = '<a href="mailto:us@example.org" rel="noopener noreferrer">us</a>'

    assert markdown.to_html(NOTE).split("\n") == [
        "<p><strong>New: feeds</strong></p>",
        f"<p>Hello <em>reader</em>, see {first} or {second}.<br>",
        "Second line.</p>",
        "<ul>",
        "<li>one</li>",
        "<li>two</li>",
        "</ul>",
        f"<p>Write to {mail}.</p>",
    ]


def test_to_text():
    assert markdown.to_text(NOTE).split("\n") == [
        "New: feeds",
        "",
        "Hello reader, see the feeds (https://example.org/feeds?a=1&b=2) or https://example.org.",
        "Second line.",
        "",
        "- one",
        "- two",
        "",
        "Write to us (us@example.org).",
    ]


@pytest.mark.parametrize("note", HOSTILE)
def test_nothing_hostile_comes_out(note):
    assert dangers(markdown.to_html(note)) == []


def test_the_check_itself_sees_dangers():
    assert dangers('<img src=x><a href="javascript:x" onclick=y>z</a><!-- c -->') == [
        "img",
        "img src",
        "a href=javascript:x",
        "a onclick",
        "<!-- c ",
    ]


def test_text_holds_no_markup_of_its_own():
    assert markdown.to_text("a <b>b</b> &lt;script&gt; <script>x</script>c") == "a b <script> c"
