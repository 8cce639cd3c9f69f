"""What editors do to papers by hand. Sources go on being read; what is said here stays until it is undone here."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models.functions import Now

from papers.ingest import take_turn
from papers.models import Paper

NOT_PICKED = {"is_pinned": False, "pick_note": "", "picked_by": None, "picked_at": None}


def hide(pks: Iterable[int], hidden: bool) -> int:
    """Neither show nor send these papers, or do so again. Returns how many that changed."""
    return Paper.objects.filter(pk__in=pks).exclude(is_hidden=hidden).update(is_hidden=hidden, updated_at=Now())


def pick(pks: Iterable[int], note: str, user: AbstractBaseUser, now: datetime) -> int:
    """Make these papers editor's picks, each with this note."""
    fields = {"is_pinned": True, "pick_note": note, "picked_by": user, "picked_at": now, "updated_at": now}
    return Paper.objects.filter(pk__in=pks).update(**fields)


def unpick(pks: Iterable[int]) -> int:
    return Paper.objects.filter(pk__in=pks, is_pinned=True).update(**NOT_PICKED, updated_at=Now())


def rewrite(pk: int, words: Mapping[str, str], now: datetime) -> Paper:
    """Put an editor's words in the place of the sources'; the sources' own words undo it.

    Takes turns with `ingest`, which would otherwise write back what it loaded before.
    """
    with transaction.atomic():
        take_turn()
        paper = Paper.objects.get(pk=pk)
        for field, value in words.items():
            paper.edit(field, value)
        paper.updated_at = now
        paper.save(update_fields=[*words, "source_words", "is_edited", "updated_at"])
    return paper
