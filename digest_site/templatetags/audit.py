"""Entries of the admin's log, for templates."""

from django import template
from django.contrib.admin.models import LogEntry

from digest_site.audit import words

register = template.Library()


@register.filter
def in_words(entry: LogEntry) -> str:
    return words(entry)
