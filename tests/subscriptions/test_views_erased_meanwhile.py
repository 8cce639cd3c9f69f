"""Who is erased while another request of theirs is under way: answered as if it had come a moment later."""

import pytest
from django.db import connection
from django.test import Client

from subscriptions import digest_links, discretion, erasing, links, sunsetting, visiting
from subscriptions.consent import Shown
from subscriptions.models import Subscriber, Token
from tests.factories import NOW, make_paper, make_subscriber
from tests.readers import mailed_paths, path_of, pending, preferences_fields, visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def erase(reader: Subscriber) -> None:
    erasing.erase(reader, NOW, Shown(form="own data"))


@pytest.fixture
def erased_in_between(monkeypatch):
    """Erases whoever a link or a visit has just been found for."""

    def then(find, reader_of):
        def found(*args, **kwargs):
            opened = find(*args, **kwargs)
            erase(reader_of(opened))
            return opened

        return found

    monkeypatch.setattr(links, "find", then(links.find, lambda token: token.subscriber))
    monkeypatch.setattr(digest_links, "find", then(digest_links.find, lambda opened: opened.reader))
    monkeypatch.setattr(visiting, "visitor", then(visiting.visitor, lambda reader: reader))
    monkeypatch.setattr(sunsetting, "note_sign", lambda *_: None)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/preferences", preferences_fields()),
        ("/preferences/pause", {"pause-until": "2026-09-01"}),
        ("/preferences/pause", {"resume": "1"}),
        ("/preferences/address", {"move-email": "new@example.org"}),
        ("/preferences/feed", {}),
        ("/preferences/judgements/1", {}),
        ("/preferences/data/link", {}),
        ("/preferences/data/erase", {"sure": "1"}),
        ("/preferences/leave", {}),
    ],
)
def test_form_of_a_visit_breaks_nothing(request, path, fields):
    make_paper(1, pk=1)
    browser = visit(make_subscriber())
    request.getfixturevalue("erased_in_between")

    answer = browser.post(path, fields)

    assert answer.status_code in {200, 302}
    assert Subscriber.objects.count() == 0


@pytest.mark.parametrize("name", ["pause", "more", "less", "keep"])
def test_link_of_a_digest_breaks_nothing(request, name):
    paper = make_paper(1)
    path = mailed_paths(make_subscriber(), paper.pk)[name]
    request.getfixturevalue("erased_in_between")

    assert Client().post(path).status_code in {200, 404}
    assert Subscriber.objects.count() == 0


@pytest.mark.parametrize("purpose", ["confirm", "email", "unsubscribe"])
def test_other_links_break_nothing(request, purpose):
    token = pending() if purpose == "confirm" else links.issue(make_subscriber(), purpose, NOW, {"email": "n@e.org"})
    request.getfixturevalue("erased_in_between")

    assert Client().post(path_of(token)).status_code in {200, 404}
    assert Token.objects.count() == 0


def test_new_row_is_made_where_the_old_one_goes_away_while_it_is_waited_for():
    gone = make_subscriber(email="ada@example.org")

    def wait(execute, sql, *rest):
        done = execute(sql, *rest)
        if sql.startswith("INSERT") and Subscriber.objects.filter(pk=gone.pk).exists():
            erase(gone)
        return done

    with connection.execute_wrapper(wait):
        row = discretion.row_of("ada@example.org", NOW)

    assert (row.email, row.status, row.pk != gone.pk) == ("ada@example.org", Subscriber.Status.PENDING, True)
