"""Style sheet and templates, put together."""

import pytest

from subscriptions.inlining import inline

CSS = ".ink { color: #111111; } p { margin: 0; } td { padding: 3px; }"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            '<p class="ink">{{ name|date:"j F" }}</p>',
            '<p class="ink" style="margin:0;color:#111111">{{ name|date:"j F" }}</p>',
        ),
        ('<p>{% if a > b %}<b class="ink">{{ a }}</b>{% endif %}</p>',
         '<p style="margin:0">{% if a > b %}<b class="ink" style="color:#111111">{{ a }}</b>{% endif %}</p>'),
        ('<a class="ink" href="{{ url }}">{% translate "Go" %}</a>',
         '<a class="ink" href="{{ url }}" style="color:#111111">{% translate "Go" %}</a>'),
        # The catalogue's key stays as it was written.
        ('{% blocktranslate %}<b class="ink">{{ a }}</b> &middot; b{% endblocktranslate %}',
         '{% blocktranslate %}<b class="ink">{{ a }}</b> &middot; b{% endblocktranslate %}'),
        ("<table><tbody>{% for a in b %}<tr><td>{{ a }}</td></tr>{% endfor %}</tbody></table>",
         '<table><tbody>{% for a in b %}<tr><td style="padding:3px">{{ a }}</td></tr>{% endfor %}</tbody></table>'),
        ("{% extends 'x' %}{# a note #}{% block title %}{{ a }}{% endblock %}",
         "{% extends 'x' %}{# a note #}{% block title %}{{ a }}{% endblock %}"),
    ],
)  # fmt: skip
def test_elements_get_their_style_and_tags_stay(source, expected):
    assert inline(source, CSS) == expected


def test_page_keeps_its_own_style_and_title():
    page = (
        '<!doctype html>\n<html lang="{{ lang }}"><head><title>{% block t %}{{ a }}{% endblock %}</title>'
        "<style>@media (max-width: 9px) { .ink { color: #222222 !important; } }</style></head>"
        '<body class="ink"><!--[if mso]><table><![endif]--><p>{{ a }}</p></body></html>'
    )

    assert inline(page, CSS) == page.replace("doctype html>\n", "doctype html>\n").replace(
        '<body class="ink">', '<body class="ink" style="color:#111111">'
    ).replace("<p>", '<p style="margin:0">')
