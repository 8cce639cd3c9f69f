"""The page of what a reader said about single papers."""

import pytest
from django.test import Client

from subscriptions.judging import Verdict, judge
from subscriptions.models import Feedback, Subscriber
from subscriptions.views import judgements
from tests.factories import NOW, make_paper, make_subscriber
from tests.readers import dump, text_of, visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

PAGE = "/preferences/judgements"


@pytest.fixture
def reader() -> Subscriber:
    return make_subscriber()


def words() -> list[tuple[int, int]]:
    return sorted(Feedback.objects.values_list("subscriber__pk", "paper__pk"))


def test_page_lists_this_readers_words_the_newest_first(client, reader):
    first, second, hidden = make_paper(1), make_paper(2), make_paper(3, is_hidden=True)
    for paper, verdict in ((first, Verdict.MORE), (second, Verdict.LESS), (hidden, Verdict.MORE)):
        judge(reader, paper, verdict, NOW)
    judge(make_subscriber(2), make_paper(4), Verdict.MORE, NOW)

    page = visit(reader, client=client).get(PAGE)

    assert [(word.paper, word.verdict) for word in page.context["page"]] == [(second, -1), (first, 1)]
    assert [text_of(page).count(words) for words in ("More like this", "Less like this", "Take it back")] == [1, 1, 2]


def test_page_says_how_to_judge_where_nothing_was_said(client, reader):
    assert "None yet: under each paper" in text_of(visit(reader, client=client).get(PAGE))


def test_button_takes_one_word_back_and_no_other_readers(client, reader):
    paper, other = make_paper(1), make_paper(2)
    for one in (reader, make_subscriber(2)):
        judge(one, paper, Verdict.MORE, NOW)
    judge(reader, other, Verdict.LESS, NOW)
    visit(reader, client=client)

    for _twice in range(2):
        page = client.post(f"{PAGE}/{paper.pk}", follow=True)
        assert page.redirect_chain == [(PAGE, 302)]
        assert "Taken back" in text_of(page)

    assert words() == sorted([(reader.pk, other.pk), (Subscriber.objects.latest("pk").pk, paper.pk)])


@pytest.mark.parametrize("pk", ["0", "999999", "9" * 30, "-1", "x"])
def test_paper_that_is_none_is_refused(client, reader, pk):
    judge(reader, make_paper(1), Verdict.MORE, NOW)

    assert visit(reader, client=client).post(f"{PAGE}/{pk}").status_code == 404
    assert len(words()) == 1


def test_getting_takes_nothing_back_and_posting_needs_the_pages_token(reader):
    paper = make_paper(1)
    judge(reader, paper, Verdict.MORE, NOW)
    client = visit(reader, client=Client(enforce_csrf_checks=True))
    before = dump()

    assert client.get(f"{PAGE}/{paper.pk}").status_code == 405
    assert client.post(f"{PAGE}/{paper.pk}").status_code == 403
    assert dump() == before


def test_stranger_is_sent_to_ask_for_a_link(client):
    assert [client.get(PAGE)["Location"], client.post(f"{PAGE}/1")["Location"]] == ["/preferences/link"] * 2


def test_long_list_has_pages_and_few_queries(client, reader, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(judgements, "PAGE_SIZE", 2)
    for number in range(1, 6):
        judge(reader, make_paper(number), Verdict.MORE, NOW)
    visit(reader, client=client)

    with django_assert_max_num_queries(6):
        page = client.get(f"{PAGE}?page=2")

    assert [word.paper.arxiv_id[-1] for word in page.context["page"]] == ["3", "2"]
    assert "Page 2 of 3" in text_of(page)
