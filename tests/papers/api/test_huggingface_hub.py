"""The real client library of Hugging Face, reading from this site instead of theirs."""

from datetime import UTC, date, datetime

import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import HfHubHTTPError

from papers.models import Listing, Paper
from papers.search.stored import remember
from tests.factories import make_paper

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 8, 12)


@pytest.fixture
def hub(live_server, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)  # which asks huggingface.co before anything else
    return HfApi(endpoint=live_server.url, token=False)


@pytest.fixture(autouse=True)
def _papers():
    for number in (1, 2):
        paper = make_paper(
            number, votes=number, comments=3, published_on=date(2026, 8, 10), featured_on=DAY,
            keywords=["grokking"], organisation="papertown", organisation_name="University of Papertown",
            code_url="https://github.com/example/grokking", code_stars=12, project_url="https://example.org",
        )  # fmt: skip
        Listing.objects.create(paper=paper, source="huggingface", day=DAY)
    make_paper(3, title="Diffusion on graphs", abstract="Nothing else.", arxiv_id="hep-th/9901001")
    remember(Paper.objects.all())


def test_list_daily_papers(hub):
    for asked in ({"date": "2026-08-12"}, {"week": "2026-W33"}, {"month": "2026-08"}, {}):
        assert [paper.id for paper in hub.list_daily_papers(**asked)] == ["2608.00002", "2608.00001"]
    assert [paper.id for paper in hub.list_daily_papers(date="2026-08-12", sort="trending", limit=1, p=1)] == [
        "2608.00001"
    ]
    first = next(iter(hub.list_daily_papers(date="2026-08-12")))
    assert first.title == "Grokking in circuit 2"
    assert first.summary == "We study how grokking appears in circuit 2. It appears late."
    assert [author.name for author in first.authors] == ["Ada Example", "Ben Sample"]
    assert (first.upvotes, first.comments) == (2, 3)
    assert first.published_at == datetime(2026, 8, 10, tzinfo=UTC)
    assert first.submitted_at == datetime(2026, 8, 12, tzinfo=UTC)
    assert (first.organization.name, first.organization.fullname) == ("papertown", "University of Papertown")


def test_paper_info(hub):
    paper = hub.paper_info("2608.00001")

    assert (paper.id, paper.title, paper.upvotes, paper.comments) == ("2608.00001", "Grokking in circuit 1", 1, 3)
    assert paper.ai_keywords == ["grokking"]
    assert (paper.github_repo, paper.github_stars) == ("https://github.com/example/grokking", 12)
    assert paper.project_page == "https://example.org"
    assert paper.submitted_at == datetime(2026, 8, 12, tzinfo=UTC)
    assert hub.paper_info("hep-th/9901001").title == "Diffusion on graphs"


def test_list_papers(hub):
    assert {paper.id for paper in hub.list_papers(query="grokking")} == {"2608.00001", "2608.00002"}
    assert [paper.id for paper in hub.list_papers(query="title:diffusion", limit=5)] == ["hep-th/9901001"]
    assert [paper.id for paper in hub.list_papers(query="superconductors")] == []


def test_read_paper(hub, live_server, settings):
    settings.SITE_URL = live_server.url

    assert hub.read_paper("2608.00002") == (
        "# Grokking in circuit 2\n\n"
        "Ada Example, Ben Sample\n\n"
        "2026-08-10 · University of Papertown · cs.LG · 2 votes\n\n"
        "- arXiv: <https://arxiv.org/abs/2608.00002>\n"
        "- PDF: <https://arxiv.org/pdf/2608.00002>\n"
        "- Code: <https://github.com/example/grokking>\n"
        "- Project: <https://example.org>\n"
        f"- Paper Round: <{live_server.url}/papers/2608.00002>\n\n"
        "## Abstract\n\n"
        "We study how grokking appears in circuit 2. It appears late.\n"
    )
    assert hub.read_paper("hep-th/9901001").startswith("# Diffusion on graphs\n")


@pytest.mark.parametrize(
    ("ask", "status", "said"),
    [
        (lambda hub: list(hub.list_daily_papers(date="2026-02-30")), 400, "“2026-02-30” is not a date"),
        (lambda hub: list(hub.list_daily_papers(submitter="ada")), 400, "Who submitted a paper is not known here"),
        (lambda hub: list(hub.list_papers(query='"never closed')), 400, "This quotation mark is never closed."),
        (lambda hub: list(hub.list_papers()), 400, "q is missing."),
        (lambda hub: hub.paper_info("2608.99999"), 404, "No paper is known here as “2608.99999”"),
        (lambda hub: hub.read_paper("2608.99999"), 404, ""),
    ],
)
def test_the_library_hands_on_what_was_wrong(hub, ask, status, said):
    with pytest.raises(HfHubHTTPError) as refused:
        ask(hub)

    assert refused.value.response.status_code == status
    assert said in str(refused.value)
