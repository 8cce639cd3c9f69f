"""The second factor of whoever works in the admin: an app that shows codes, and recovery codes for the day it is lost.

No requests and no pages: see digest_site.access.
"""

import base64
import hashlib
import io
import math
import secrets

import qrcode
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django_otp.models import Device, ThrottlingMixin
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from qrcode.image.svg import SvgPathFillImage

CODES = 10
_CODE_BYTES = 10  # 80 bits: sixteen letters, so that their hash cannot be searched for
_GROUP = 4
_TOTP_DIGITS = 6


def is_enrolled(user: AbstractBaseUser) -> bool:
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def begin(user: AbstractBaseUser) -> TOTPDevice:
    """A new key, worth nothing until `confirm` is told a code made with it."""
    return TOTPDevice.objects.create(user=user, name="app", confirmed=False)


def under_way(user: AbstractBaseUser, pk: object) -> TOTPDevice | None:
    return TOTPDevice.objects.filter(user=user, pk=pk, confirmed=False).first()


def confirm(device: TOTPDevice, code: str) -> list[str]:
    """Make `device` its owner's only one and return new recovery codes; none when `code` is wrong."""
    with transaction.atomic():
        held = TOTPDevice.objects.select_for_update().get(pk=device.pk)
        if not held.verify_token(_typed(code)):
            return []
        held.confirmed = True
        held.save(update_fields=["confirmed"])
        TOTPDevice.objects.filter(user=held.user).exclude(pk=held.pk).delete()
        return renew_codes(held.user)


def verify(user: AbstractBaseUser, code: str) -> Device | None:
    """The device this code is of, each code once; None when it is wrong, or comes too soon after wrong ones."""
    typed = _typed(code)
    is_totp = len(typed) == _TOTP_DIGITS and typed.isdecimal()
    devices, token = (TOTPDevice.objects, typed) if is_totp else (StaticDevice.objects, _hashed(typed))
    with transaction.atomic():
        device = devices.select_for_update().filter(user=user, confirmed=True).first()
        return device if device and device.verify_token(token) else None


def is_app(device: Device) -> bool:
    return isinstance(device, TOTPDevice)


def seconds_to_wait(user: AbstractBaseUser) -> int:
    """How long no code is looked at, because too many were wrong."""
    until = [_locked_until(device) for kind in (TOTPDevice, StaticDevice) for device in kind.objects.filter(user=user)]
    return max(0, *(math.ceil(seconds) for seconds in until)) if until else 0


def renew_codes(user: AbstractBaseUser) -> list[str]:
    """New recovery codes in place of the old ones. Only their hashes are kept."""
    codes = [base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode().lower() for _ in range(CODES)]
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user, name="recovery codes")
        StaticToken.objects.bulk_create(StaticToken(device=device, token=_hashed(code)) for code in codes)
    return [_grouped(code) for code in codes]


def codes_left(user: AbstractBaseUser) -> int:
    left: int = StaticToken.objects.filter(device__user=user).count()
    return left


def forget(user: AbstractBaseUser) -> bool:
    """Take the second factor away: at the next log-in a new one is enrolled. Open sessions lose it at once."""
    with transaction.atomic():
        gone = [kind.objects.filter(user=user).delete()[0] for kind in (TOTPDevice, StaticDevice)]
    return any(gone)


def qr_svg(device: TOTPDevice) -> str:
    """What the app's camera reads, as an SVG element without any style."""
    image = qrcode.make(device.config_url, image_factory=SvgPathFillImage, border=2)
    out = io.BytesIO()
    image.save(out)
    return out.getvalue().decode().partition("?>")[2].strip()


def manual_key(device: TOTPDevice) -> str:
    """The same, to be typed."""
    return _grouped(base64.b32encode(device.bin_key).decode())


def _typed(code: str) -> str:
    return "".join(code.replace("-", "").split()).lower()


def _hashed(code: str) -> str:
    digest = hashlib.sha256(code.encode("utf-8", "replace")).digest()
    return base64.b32encode(digest[:_CODE_BYTES]).decode().lower()


def _grouped(text: str) -> str:
    return " ".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def _locked_until(device: ThrottlingMixin) -> float:
    allowed, details = device.verify_is_allowed()
    return 0.0 if allowed else (details["locked_until"] - timezone.now()).total_seconds()
