"""Where readers sign up, answer a mail, and look after their subscription."""

from django.urls import path

from subscriptions.views import (
    digests,
    feeds,
    judgements,
    mail_links,
    mailed_digests,
    own_data,
    preferences,
    previews,
    signing_up,
)

app_name = "subscriptions"
urlpatterns = [
    path("subscribe", signing_up.subscribe, name="subscribe"),
    path("subscribe/preview", previews.preview, name="preview"),
    path("subscribe/thanks", signing_up.subscribed, name="subscribed"),
    # Short, so that the List-Unsubscribe header fits one line. The names are Token.Purpose's values.
    path("c/<str:token>", signing_up.confirm, name="confirm"),
    # Some mail programs add the slash: no redirect may stand between them and the POST.
    path("u/<str:token>/", mail_links.unsubscribe),
    path("u/<str:token>", mail_links.unsubscribe, name="unsubscribe"),
    path("m/<str:token>", mail_links.manage, name="manage"),
    path("a/<str:token>", mail_links.email, name="email"),
    path("p/<str:token>", mailed_digests.pause_week, name="pause_week"),
    path("v/<str:token>", mailed_digests.view_digest, name="view_digest"),
    path("k/<str:token>", mailed_digests.keep, name="keep"),
    path("f/<str:token>/more", mailed_digests.feedback, {"wish": "more"}, name="more"),
    path("f/<str:token>/less", mailed_digests.feedback, {"wish": "less"}, name="less"),
    path("preferences", preferences.preferences, name="preferences"),
    path("preferences/pause", preferences.pause, name="pause"),
    path("preferences/address", preferences.address, name="address"),
    path("preferences/leave", preferences.leave, name="leave"),
    path("preferences/link", preferences.preferences_link, name="preferences_link"),
    path("preferences/link/sent", preferences.link_sent, name="link_sent"),
    path("preferences/digests", digests.digests, name="digests"),
    path("preferences/digests/<str:day>", digests.digest, name="digest"),
    path("preferences/judgements", judgements.judgements, name="judgements"),
    path("preferences/judgements/<int:pk>", judgements.take_back, name="take_back"),
    path("preferences/feed", feeds.address, name="feed_address"),
    path("preferences/data", own_data.own_data, name="own_data"),
    path("preferences/data/link", own_data.ask_for_link, name="own_data_link"),
    path("preferences/data/export", own_data.export, name="export"),
    path("preferences/data/erase", own_data.erase, name="erase"),
    path("d/<str:token>.json", feeds.feed, {"form": feeds.JSON}, name="feed_json"),
    path("d/<str:token>", feeds.feed, {"form": feeds.ATOM}, name="feed"),
]
