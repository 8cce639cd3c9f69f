"""Nothing committed points at one machine, or at where packages were fetched from."""

import re
import subprocess

from tests.environment import ROOT

FORBIDDEN = re.compile(
    rb"(?<![\w.])/(?:work|root|farm)/[a-z]"  # this machine's folders
    rb"|(?<![\w.])/tmp/\w"
    rb"|\bpypi\.org|pythonhosted\.org|registry\.npmjs"
    rb"|^\s*--(?:extra-)?index-url",
    re.MULTILINE,
)
HERE = "tests/digest_site/test_repository.py"


def tracked() -> list[str]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in listing.stdout.split("\0") if name and name != HERE and (ROOT / name).is_file()]


def test_no_committed_file_names_a_machine_or_a_registry():
    found = {name: hits for name in tracked() if (hits := FORBIDDEN.findall((ROOT / name).read_bytes()))}

    assert found == {}


def test_nothing_that_is_made_is_committed():
    made = [
        name for name in tracked() if re.search(r"(^|/)(var|\.venv|staticfiles|__pycache__)/|\.sqlite3$|^\.env$", name)
    ]

    assert made == []


def test_every_requirement_is_pinned_with_hashes():
    for name in ("requirements.txt", "requirements-ses.txt", "requirements-sentry.txt", "requirements-dev.txt"):
        blocks = re.split(r"\n(?=[a-z])", (ROOT / name).read_text(encoding="utf-8"))
        loose = [block.splitlines()[0] for block in blocks if "==" not in block or "--hash=sha256:" not in block]

        assert loose == [], name
