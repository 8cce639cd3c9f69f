"""Tells feed readers where a page's feeds are."""

from django import template
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.template import RequestContext

from papers.feeds.addresses import of_page

register = template.Library()


@register.inclusion_tag("papers/_feeds.html", takes_context=True)
def feed_links(context: RequestContext) -> dict[str, str]:
    """For `<head>`: the page's feeds; those of the newest papers where it has none, or where nothing was found."""
    request = context.get("request")
    return of_page(request.resolver_match, _typed(request)) if request else {}


def _typed(request: HttpRequest) -> str:
    try:
        return request.GET.get("q", "")
    except SuspiciousOperation:  # a query of too many fields, on a page that looks at none of them
        return ""
