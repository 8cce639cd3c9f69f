"""What the documents promise exists."""

import re

import pytest
from django.core.management import get_commands

from tests.environment import ROOT

DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "OPERATING.md",
    "PROVIDERS.md",
    "RUNBOOK.md",
    "SETTINGS.md",
)
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_make_targets_that_are_named_exist(name):
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text_of(name), re.MULTILINE))

    assert named - TARGETS == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_management_commands_that_are_named_exist(name):
    named = set(re.findall(r"manage\.py ([a-z_]+)", text_of(name)))

    assert named - set(get_commands()) == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_files_that_are_linked_exist(name):
    linked = set(re.findall(r"\]\((?!https?:)([^)#]+)", text_of(name)))

    assert {path for path in linked if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_modules_that_are_named_exist(name):
    named = set(re.findall(r"`((?:papers|subscriptions|digest_site|tests|templates)/[\w/.-]*\w/?)`", text_of(name)))

    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_every_make_target_is_explained():
    makefile = text_of("Makefile")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    explained = set(re.findall(r"^([a-z-]+):.*## \w", makefile, re.MULTILINE))

    assert phony is not None
    assert explained == set(phony[1].split())


def test_readme_lists_the_commands_people_need():
    listed = set(re.findall(r"^\| `make ([a-z-]+)` \|", text_of("README.md"), re.MULTILINE))

    assert listed == TARGETS - {"format", "clean"}


def test_architecture_places_every_module():
    architecture = text_of("ARCHITECTURE.md")
    apart = {"__init__", "apps"}
    folders = ("digest_site", "papers", "papers/search", "papers/sources", "subscriptions", "subscriptions/models")
    modules = {path for folder in folders for path in (ROOT / folder).glob("*.py") if path.stem not in apart}

    missing = {str(path.relative_to(ROOT)) for path in modules if path.name not in architecture}

    assert missing == set()
