"""Nobody works in the admin by password alone."""

import logging
import re
from datetime import timedelta
from io import StringIO
from urllib.parse import quote

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from digest_site import factors, tasks
from tests.operators import PASSWORD, code_of, enter, give_device, make_operator
from tests.readers import dump

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"
FACTOR = "/admin/second-factor/"
ENROL = "/admin/second-factor/enrol/"
CODES = "/admin/second-factor/codes/"


def log_in(client: Client, name: str = "operator", password: str = PASSWORD, **extra):
    return client.post(LOGIN, {"username": name, "password": password}, **extra)


def with_password(client: Client, **fields) -> User:
    user = make_operator(**fields)
    assert log_in(client).status_code == 302
    return user


def admin_addresses() -> list[str]:
    """Every address the admin answers at, but those of the way in and of pages that do not exist."""
    found = []
    for pattern in admin.site.urls[0]:
        for inner in getattr(pattern, "url_patterns", [pattern]):
            route = str(pattern.pattern) + (str(inner.pattern) if inner is not pattern else "")
            route = re.sub(r"<[^>]+>|\([^)]*\)", "1", route.replace("(?P<app_label>", "(")).strip("^$")
            found.append("/admin/" + route)
    ways_in = {"/admin/login/", "/admin/logout/", FACTOR, ENROL}
    return sorted(address for address in {*found} - ways_in if ".*" not in address)


def is_inside(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


# Shut out --------------------------------------------------------------------------------------------


def test_a21_every_address_asks_for_the_second_factor(client):
    with_password(client)
    addresses = [*admin_addresses(), "/admin/no/such/page/"]
    before = dump()

    asked = {address: client.get(address)["Location"] for address in addresses}
    posted = {address: client.post(address, {"post": "yes"})["Location"] for address in addresses}

    assert len(addresses) > 80
    assert asked == {address: f"{FACTOR}?next={quote(address, safe='')}" for address in addresses}
    assert set(posted.values()) == {FACTOR}
    assert dump() == before


def test_a21_every_address_asks_strangers_for_a_password(client):
    for address in [*admin_addresses(), FACTOR, ENROL]:
        for response in (client.get(address), client.post(address, {"code": "000000"})):
            assert (address, response.status_code, response["Location"].split("?")[0]) == (address, 302, LOGIN)


def test_password_of_somebody_who_is_not_staff_opens_nothing(client):
    User.objects.create_user("reader", password=PASSWORD)

    assert log_in(client, "reader").status_code == 200
    client.force_login(User.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(FACTOR)["Location"].startswith(LOGIN)
    assert client.get("/admin/")["Location"].startswith(LOGIN)


def test_password_alone_takes_no_new_app_into_use(client):
    user = with_password(client)
    mine = TOTPDevice.objects.create(user=user, name="app", confirmed=False)
    session = client.session
    session["enrolling"] = mine.pk
    session.save()

    answers = [client.get(ENROL), client.post(ENROL, {"code": code_of(mine)})]

    assert [answer["Location"] for answer in answers] == [FACTOR, FACTOR]
    assert not TOTPDevice.objects.get(pk=mine.pk).confirmed
    assert not is_inside(client)


def test_key_somebody_else_has_seen_is_not_taken_into_use(client):
    user = make_operator()
    factors.forget(user)
    thief = Client()
    log_in(thief)
    seen = re.search(r'class="key">([\w ]+)<', thief.get(ENROL).text)
    log_in(client)

    shown = re.search(r'class="key">([\w ]+)<', client.get(ENROL).text)

    assert seen
    assert shown
    assert seen[1] != shown[1]
    device = TOTPDevice.objects.latest("pk")
    client.post(ENROL, {"code": code_of(device)})
    assert is_inside(client)
    assert [row.pk for row in TOTPDevice.objects.all()] == [device.pk]
    assert not is_inside(thief)


def test_device_of_another_operator_opens_nothing(client):
    other = give_device(make_operator("other"))
    with_password(client)
    session = client.session
    session["otp_device_id"] = other.persistent_id
    session.save()

    assert client.get("/admin/")["Location"].startswith(FACTOR)
    assert client.post(FACTOR, {"code": code_of(other)}).status_code == 200
    assert not is_inside(client)


def test_code_opens_once(client):
    user = with_password(client)
    code = code_of(TOTPDevice.objects.get(user=user))
    client.post(FACTOR, {"code": code})
    second = Client()
    log_in(second)

    answer = second.post(FACTOR, {"code": code})

    assert is_inside(client)
    assert "wrong, or was used before" in answer.text
    assert not is_inside(second)


def test_wrong_codes_make_the_right_one_wait(client, time_machine):
    time_machine.move_to("2026-08-12 07:00", tick=False)
    device = TOTPDevice.objects.get(user=with_password(client))
    for seconds in (0, 2, 3, 5, 9):
        time_machine.shift(seconds)
        client.post(FACTOR, {"code": "000000"})

    early = client.post(FACTOR, {"code": code_of(device)})
    time_machine.shift(17)
    late = client.post(FACTOR, {"code": code_of(device)})

    assert "Too many wrong codes. Wait 16 seconds." in early.text
    assert late["Location"] == "/admin/"


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "https:evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "/\t/evil",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a18_log_in_does_not_lead_elsewhere(client, target):
    make_operator()

    answer = client.post(
        f"{LOGIN}?next={quote(target)}", {"username": "operator", "password": PASSWORD, "next": target}
    )

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert client.get("/admin/")["Location"].startswith(FACTOR)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a18_form_does_not_lead_elsewhere(client, target):
    device = TOTPDevice.objects.get(user=with_password(client))

    answer = client.post(f"{FACTOR}?next={quote(target)}", {"code": code_of(device)})

    assert answer["Location"] == "/admin/"


def test_pages_need_their_own_form():
    client = Client(enforce_csrf_checks=True)
    enter(client, make_operator())

    assert client.post(CODES).status_code == 403
    assert StaticToken.objects.count() == 0


# The way in ------------------------------------------------------------------------------------------


def test_first_log_in_sets_up_the_second_factor_and_goes_where_it_was_wanted(client):
    User.objects.create_superuser("operator", "operator@example.org", PASSWORD)
    wanted = reverse("admin:subscriptions_subscriber_changelist")

    asked = client.get(wanted)
    log_in_page = client.post(asked["Location"], {"username": "operator", "password": PASSWORD}, follow=True)
    device = TOTPDevice.objects.get()
    wrong = client.post(log_in_page.request["PATH_INFO"], {"code": "12345x"})
    TOTPDevice.objects.update(throttling_failure_count=0)
    done = client.post(f"{ENROL}?next={wanted}", {"code": code_of(device)})

    assert log_in_page.redirect_chain[-1][0] == f"{ENROL}?next={quote(wanted, safe='')}"
    assert "<svg" in log_in_page.text
    assert "style=" not in log_in_page.text
    assert "wrong, or was used before" in wrong.text
    codes = re.findall(r"<code>([a-z2-7 ]{19})</code>", done.text)
    assert len(set(codes)) == 10
    assert f'href="{wanted}"' in done.text
    assert client.get(wanted).status_code == 200
    assert [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")] == [
        "Took a new app into use as second factor.", "Logged in.",
    ]  # fmt: skip


def test_log_ins_are_entered_in_the_audit_list_and_wrong_codes_are_not(client):
    user = with_password(client)
    codes = factors.renew_codes(user)
    client.post(FACTOR, {"code": code_of(TOTPDevice.objects.get())})
    second = Client()
    log_in(second)
    second.post(FACTOR, {"code": "wrong"})
    StaticDevice.objects.update(throttling_failure_count=0)
    second.post(FACTOR, {"code": codes[0]})

    assert [(entry.user, entry.object_id, entry.get_change_message()) for entry in LogEntry.objects.order_by("pk")] == [
        (user, str(user.pk), "Logged in."), (user, str(user.pk), "Logged in by recovery code."),
    ]  # fmt: skip


def test_recovery_code_opens_once_and_is_kept_as_a_hash_only(client):
    user = with_password(client)
    codes = factors.renew_codes(user)
    assert not any(code.replace(" ", "") in str(dump()) for code in codes)

    client.post(FACTOR, {"code": codes[3].upper().replace(" ", "-")})
    second = Client()
    log_in(second)
    again = second.post(FACTOR, {"code": codes[3]})

    assert is_inside(client)
    assert "wrong, or was used before" in again.text
    assert factors.codes_left(user) == 9


def test_last_recovery_codes_are_mentioned(client):
    user = with_password(client)
    codes = factors.renew_codes(user)
    StaticToken.objects.filter(pk__in=list(StaticToken.objects.values_list("pk", flat=True))[4:]).delete()
    kept = next(code for code in codes if StaticToken.objects.filter(token=factors._hashed(code.replace(" ", ""))))

    page = client.post(FACTOR, {"code": kept}, follow=True)

    assert [str(message) for message in page.context["messages"]] == ["3 recovery codes are left: make new ones."]


def test_new_recovery_codes_replace_the_old(client):
    user = make_operator()
    old = factors.renew_codes(user)
    enter(client, user)

    page = client.post(CODES)

    assert page.text.count("<code>") == 10
    assert factors.verify(user, old[0]) is None
    assert [entry.get_change_message() for entry in LogEntry.objects.all()] == ["Made new recovery codes."]


def test_another_app_takes_the_place_of_the_old_one(client):
    user = make_operator()
    old = TOTPDevice.objects.get()
    enter(client, user)
    client.get(ENROL)

    client.post(ENROL, {"code": code_of(TOTPDevice.objects.get(confirmed=False))})

    assert is_inside(client)
    assert not TOTPDevice.objects.filter(pk=old.pk).exists()


def test_session_gets_a_new_key_and_ends_after_eight_hours_however_busy(client, time_machine):
    time_machine.move_to("2026-08-12 07:00", tick=False)
    device = TOTPDevice.objects.get(user=with_password(client))
    before = client.session.session_key
    client.post(FACTOR, {"code": code_of(device)})
    assert client.session.session_key != before

    for _ in range(7):
        time_machine.shift(timedelta(hours=1))
        session = client.session
        session["busy"] = str(timezone.now())
        session.save()
        assert is_inside(client)
    time_machine.shift(timedelta(hours=1, seconds=1))

    assert not is_inside(client)


def test_whoever_is_half_in_can_log_out(client):
    with_password(client)

    assert client.post("/admin/logout/").status_code == 200
    assert client.get(FACTOR)["Location"].startswith(LOGIN)


# The way back ----------------------------------------------------------------------------------------


def test_lost_phone_is_reset_on_the_server(client):
    user = make_operator()
    factors.renew_codes(user)
    enter(client, user)
    out = StringIO()

    call_command("reset_second_factor", "operator", stdout=out)

    assert out.getvalue().startswith("Done: the next log-in of operator sets up a new second factor.")
    assert not is_inside(client)
    assert (TOTPDevice.objects.count(), StaticToken.objects.count()) == (0, 0)
    assert client.get(FACTOR)["Location"] == ENROL
    assert LogEntry.objects.get().get_change_message() == "Second factor taken away by reset_second_factor."


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nobody", "Nobody logs in as nobody."),
        ("fresh", "fresh has no second factor; the next log-in sets one up."),
    ],
)
def test_reset_says_what_is_wrong(name, sentence):
    User.objects.create_user("fresh")

    with pytest.raises(CommandError, match=re.escape(sentence)):
        call_command("reset_second_factor", name)


# Guessing passwords ----------------------------------------------------------------------------------


def test_a21_sixth_log_in_is_refused_even_with_the_right_password(client, time_machine):
    time_machine.move_to("2026-08-12 07:00", tick=False)
    make_operator()
    statuses = [log_in(client, password="wrong").status_code for _ in range(5)]

    refused = log_in(client)
    time_machine.shift(timedelta(minutes=15, seconds=1))
    later = log_in(client)

    assert statuses == [200, 200, 200, 200, 429]
    assert (refused.status_code, later.status_code) == (429, 302)
    assert "For a quarter of an hour none is looked at" in " ".join(refused.text.split())


def test_a21_guessing_is_counted_by_name_and_by_client(client):
    make_operator()
    for number in range(5):
        log_in(client, password="wrong", REMOTE_ADDR=f"192.0.2.{number}")
        log_in(client, f"name{number}", password="wrong", REMOTE_ADDR="198.51.100.1")

    by_name = log_in(client, REMOTE_ADDR="203.0.113.1").status_code
    by_client = log_in(client, "another", REMOTE_ADDR="198.51.100.1").status_code
    free = log_in(client, "another", REMOTE_ADDR="203.0.113.2").status_code

    assert (by_name, by_client, free) == (429, 429, 200)


@pytest.mark.parametrize(("proxies", "status"), [(0, 429), (1, 200)])
def test_a03_client_is_the_one_our_proxy_names(client, settings, proxies, status):
    settings.TRUSTED_PROXIES = proxies
    for number in range(5):
        log_in(client, f"name{number}", headers={"X-Forwarded-For": f"192.0.2.{number}, 198.51.100.{number}"})

    answer = log_in(client, "another", headers={"X-Forwarded-For": "192.0.2.1, 198.51.100.77"})

    assert answer.status_code == status


def test_invented_forwarding_does_not_help(client, settings):
    settings.TRUSTED_PROXIES = 1
    for number in range(5):
        log_in(client, f"name{number}", headers={"X-Forwarded-For": f"192.0.2.{number}, 198.51.100.1"})

    assert log_in(client, "another", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.1"}).status_code == 429


def test_a_network_of_ipv6_is_one_client(client):
    for number in range(5):
        log_in(client, f"name{number}", REMOTE_ADDR=f"2001:db8:1:2::{number}")

    assert log_in(client, "another", REMOTE_ADDR="2001:db8:1:2:ffff::1").status_code == 429
    assert log_in(client, "another", REMOTE_ADDR="2001:db8:1:3::1").status_code == 200


def test_a25_guessing_leaves_no_name_in_logs_or_tables(client, caplog):
    caplog.set_level(logging.DEBUG)
    for _ in range(6):
        log_in(client, "ada.unique@example.org", password="my secret", REMOTE_ADDR="192.0.2.77")

    written = caplog.text + str(dump())

    assert "AXES: Locking out" in caplog.text
    for private in ("ada.unique", "my secret"):
        assert private not in written
    assert "192.0.2.77" not in caplog.text


def test_attempts_are_kept_for_a_day(client, time_machine):
    time_machine.move_to("2026-08-12 07:00", tick=False)
    log_in(client, "somebody", password="wrong")
    time_machine.shift(timedelta(hours=23))
    log_in(client, "another", password="wrong")
    time_machine.shift(timedelta(hours=2))

    tasks.forget_attempts()

    assert AccessAttempt.objects.count() == 1


# What the admin does not show ------------------------------------------------------------------------


def test_keys_and_codes_have_no_page():
    shown = {model._meta.label for model in admin.site._registry}

    assert shown.isdisjoint({model._meta.label for app in ("otp_totp", "otp_static", "axes")
                             for model in apps.get_app_config(app).get_models()})  # fmt: skip
