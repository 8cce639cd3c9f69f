from django.urls import path, register_converter

from papers import views
from papers.identifiers import ArxivIdConverter

register_converter(ArxivIdConverter, "arxiv")

app_name = "papers"
urlpatterns = [
    path("", views.latest, name="latest"),
    path("papers/date/<str:day>", views.day, name="day"),
    path("papers/trending", views.trending, name="trending"),
    path("papers/entry/<int:pk>", views.entry, name="entry"),
    path("papers/<arxiv:arxiv_id>", views.paper, name="paper"),
]
