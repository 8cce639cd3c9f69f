"""People who work in the admin, as tests need them: with a second factor, in a session that has shown it."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

PASSWORD = "a long password"


def make_operator(name: str = "operator", **fields: Any) -> User:
    """Staff with every right, unless `is_superuser=False` is given."""
    values = {"email": f"{name}@example.org", "is_staff": True, "is_superuser": True}
    user = User.objects.create_user(name, password=PASSWORD, **values | fields)
    give_device(user)
    return user


def give_device(user: User) -> TOTPDevice:
    return TOTPDevice.objects.create(user=user, name="app", confirmed=True)


def code_of(device: TOTPDevice, steps: int = 0) -> str:
    """What the app shows now, or `steps` times half a minute later."""
    return f"{totp(device.bin_key, t0=-30 * steps):06}"


def enter(client: Client, user: User) -> Client:
    """A browser in which `user` has logged in and shown their second factor."""
    device = TOTPDevice.objects.filter(user=user, confirmed=True).first() or give_device(user)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = SessionStore(client.cookies[settings.SESSION_COOKIE_NAME].value)
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
    return client
