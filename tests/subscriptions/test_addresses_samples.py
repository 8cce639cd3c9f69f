"""Addresses collected by others, as far as UPSTREAM_SAMPLES names a folder with them."""

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from subscriptions.addresses import AddressError, parse

SAMPLES = os.environ.get("UPSTREAM_SAMPLES")
if not SAMPLES:
    pytest.skip("UPSTREAM_SAMPLES is not set", allow_module_level=True)

pytestmark = pytest.mark.samples
ISEMAIL = Path(SAMPLES) / "corpora" / "isemail" / "test"
MUST_FAIL = {"ISEMAIL_ERR", "ISEMAIL_DEPREC", "ISEMAIL_CFWS", "ISEMAIL_RFC5322"}
# One label: nobody gets mail there.
REFUSED_THOUGH_VALID = {"test@io"}


def cases(name: str) -> list[tuple[str, str]]:
    """(address, category); control characters stand in the file as their printable pictures."""
    pictures = {0x2400 + code: code for code in range(33)}
    root = ElementTree.parse(ISEMAIL / name).getroot()
    return [
        ((case.findtext("address") or "").translate(pictures), case.findtext("category") or "")
        for case in root.iter("test")
    ]


def accepted(address: str) -> bool:
    try:
        parse(address)
    except AddressError:
        return False
    return True


@pytest.mark.parametrize(("name", "count"), [("tests.xml", 164), ("tests-original.xml", 279)])
def test_s20_isemail_categories_are_kept_apart(name: str, count: int) -> None:
    found = cases(name)

    wrongly_accepted = [address for address, category in found if category in MUST_FAIL and accepted(address)]
    wrongly_refused = [
        address
        for address, category in found
        if category == "ISEMAIL_VALID_CATEGORY" and not accepted(address) and address not in REFUSED_THOUGH_VALID
    ]

    assert (len(found), wrongly_accepted, wrongly_refused) == (count, [], [])
