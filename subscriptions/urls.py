"""Where readers sign up, answer a mail, and look after their subscription."""

from django.urls import path

from subscriptions import views

app_name = "subscriptions"
urlpatterns = [
    path("subscribe", views.subscribe, name="subscribe"),
    path("subscribe/thanks", views.subscribed, name="subscribed"),
    # Short, so that the List-Unsubscribe header fits one line. The names are Token.Purpose's values.
    path("c/<str:token>", views.confirm, name="confirm"),
    # Some mail programs add the slash: no redirect may stand between them and the POST.
    path("u/<str:token>/", views.unsubscribe),
    path("u/<str:token>", views.unsubscribe, name="unsubscribe"),
    path("m/<str:token>", views.manage, name="manage"),
    path("a/<str:token>", views.email, name="email"),
    path("preferences", views.preferences, name="preferences"),
    path("preferences/pause", views.pause, name="pause"),
    path("preferences/address", views.address, name="address"),
    path("preferences/leave", views.leave, name="leave"),
    path("preferences/link", views.preferences_link, name="preferences_link"),
    path("preferences/link/sent", views.link_sent, name="link_sent"),
    path("preferences/digests/<str:day>", views.digest, name="digest"),
]
