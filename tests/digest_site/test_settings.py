import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import reference
from tests.environment import ROOT, setting_names

README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "SETTINGS.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
# A row of a table begins with one name in code.
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]+)` \|", re.MULTILINE)
LINES = re.findall(r"^#([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE)


def run(code: str, *, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a fresh process that has nothing but `environment`."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=False, cwd=folder, env=environment, capture_output=True, text=True)


def test_reference_is_what_make_settings_writes():
    assert reference.render() == SETTINGS


@pytest.mark.parametrize("name", sorted(setting_names() - {"ENV_FILE"}))
def test_setting_stands_once_in_the_reference(name):
    assert ROW.findall(SETTINGS).count(name) == 1


def test_every_setting_says_what_it_means():
    assert [entry.name for entry in reference.entries() if not entry.meaning.endswith(".")] == []


@pytest.mark.parametrize(
    ("name", "kind", "default"),
    [
        ("SEND_WINDOW", "1 to 500", "`10`"),
        ("DEBUG", "true or false", "`false`"),
        ("REPLY_TO_EMAIL", "mail address", "`DEFAULT_FROM_EMAIL`"),
        ("ARXIV_URL", "web address", "`https://arxiv.org`"),
        ("LOG_FORMAT", "one word", "`line`"),
        ("ALERT_EMAILS", "mail addresses", "none"),
    ],
)
def test_kind_and_default_are_those_of_the_settings(name, kind, default):
    assert reference.kinds()[name] == (kind, default)


def test_readme_lists_each_setting_at_most_once():
    found = ROW.findall(README)

    assert len(found) == len(set(found)) > 10


@pytest.mark.parametrize("name", sorted(setting_names() - {"ENV_FILE"}))
def test_setting_stands_once_in_the_example(name):
    assert LINES.count(name) == 1


def test_documents_name_no_setting_that_is_not_read():
    unknown = ({*ROW.findall(README), *ROW.findall(SETTINGS), *LINES}) - setting_names()

    assert unknown == {"ANYMAIL_POSTMARK_SERVER_TOKEN"}  # the provider's own


def test_settings_run_with_no_environment(tmp_path):
    # A copy, so that the data folder of this clone is left alone.
    shutil.copytree(ROOT / "digest_site", tmp_path / "digest_site")
    code = "from digest_site import settings as s; print(s.SITE_URL, s.DATA_DIR, s.CELERY_BROKER_URL, s.DEBUG)"

    result = run(code, folder=tmp_path)

    expected = f"http://127.0.0.1:8000 {tmp_path}/var filesystem://localhost False\n"
    assert (result.stdout, result.stderr) == (expected, "")


def test_settings_of_the_example_are_the_settings(tmp_path):
    example = tmp_path / "example.env"
    # The example is all comments; with the marks removed every line must be a good value.
    lines = re.sub(r"^#(?=[A-Z])", "", EXAMPLE, flags=re.MULTILINE)
    example.write_text(lines.replace("SECRET_KEY=\n", f"SECRET_KEY={60 * 'k'}\n", 1))
    code = "from digest_site import settings as s; print(s.SITE_NAME, s.PUBLIC, s.REPLY_TO_EMAIL, s.SEND_WINDOW)"

    result = run(code, ENV_FILE=str(example), DATA_DIR=str(tmp_path))

    assert (result.stdout, result.stderr) == ("Paper Round True editors@digest.example.org 10\n", "")


def test_bad_setting_stops_the_start_with_its_sentence_last(tmp_path):
    result = run("import digest_site.settings", SITE_URL="example.org", ENV_FILE=os.devnull, DATA_DIR=str(tmp_path))

    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        "django.core.exceptions.ImproperlyConfigured: SITE_URL='example.org' is not a site address: "
        "write scheme and host only, such as https://digest.example.org."
    )
