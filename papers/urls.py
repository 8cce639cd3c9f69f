from django.urls import path, register_converter

from papers.api import mounting as api
from papers.api.describing import describe
from papers.api.markdown import paper_markdown
from papers.feeds import views as feeds
from papers.identifiers import ArxivIdConverter
from papers.views import listings, paper, searching

register_converter(ArxivIdConverter, "arxiv")

app_name = "papers"
urlpatterns = [
    path("", listings.latest, name="latest"),
    *feeds.urlpatterns,
    path("papers", searching.search, name="search"),
    path("papers/date", listings.jump, name="jump"),
    path("papers/date/<str:day>", listings.day, name="day"),
    path("papers/week/<str:week>", listings.week, name="week"),
    path("papers/month/<str:month>", listings.month, name="month"),
    path("papers/trending", listings.trending, name="trending"),
    path("papers/entry/<int:pk>", paper.entry, name="entry"),
    path("papers/<path:name>.md", paper_markdown, name="markdown"),
    path("papers/<arxiv:arxiv_id>", paper.paper, name="paper"),
    path("topics/<path:interest>", searching.topic, name="topic"),
    path("api/", ([path("", describe, name="openapi-view"), *api.urlpatterns], "api", "api")),
]
