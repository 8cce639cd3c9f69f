"""What pages load is small: everybody pays for it, at every visit without a cache."""

from tests.environment import ROOT

STATIC = ROOT / "digest_site" / "static"


def size(*names: str) -> int:
    return sum((STATIC / name).stat().st_size for name in names)


def test_style_and_scripts_are_small():
    assert size("style.css") < 30_000
    assert size("site.js", "signup.js") < 20_000
