"""The operators' documents say what the code does."""

import re

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import reverse
from django.utils import timezone

from digest_site import metrics
from digest_site.alarms import ALARMS
from digest_site.environment_mail import PROVIDERS
from subscriptions.hooks import HOOKS
from tests.environment import ROOT, setting_names
from tests.operating import documents

RUNBOOK = (ROOT / "RUNBOOK.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "PROVIDERS.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL))


def test_runbook_has_a_section_for_every_alert_and_for_no_other():
    assert list(SECTIONS) == list(ALARMS)


@pytest.mark.parametrize("name", ALARMS)
def test_runbook_says_what_it_means_and_what_to_do(name):
    meaning, _, steps = SECTIONS[name].partition("\n\n")

    assert len(meaning) > 60
    assert steps.startswith("1. ")


def test_guide_names_settings_that_are_read_or_the_providers_own():
    named = set(re.findall(r"^([A-Z][A-Z0-9_]+)=", GUIDE, re.MULTILINE))
    own = {name for name in named if any(name.startswith(f"ANYMAIL_{each.upper()}_") for each in PROVIDERS)}

    assert named - own - setting_names() == set()


@pytest.mark.parametrize("provider", ["postmark", "amazon_ses", "mailgun"])
def test_guide_gives_the_address_of_the_webhook(provider):
    path = reverse(f"hooks:{provider}")

    assert f"https://hooks:a-long-random-word@digest.example.org{path.rstrip('/')}/`" in GUIDE
    assert provider in HOOKS


@pytest.mark.django_db
def test_prometheus_rules_ask_for_figures_that_exist():
    rules = documents.block("prometheus rules")
    body, _ = metrics.render(timezone.now(), "")
    known = set(re.findall(r"^(?:# TYPE )?(paper_round_\w+)", body.decode(), re.MULTILINE))

    asked = set(re.findall(r"paper_round_\w+", rules + documents.TEXT))

    assert asked - known == set()


def test_commands_and_options_of_the_documents_exist():
    typed = re.findall(r"manage\.py ([a-z_]+)([^`\n]*)", documents.TEXT + RUNBOOK + GUIDE)

    unknown = {
        (name, option) for name, rest in typed for option in re.findall(r"--[a-z-]+", rest) if not has(name, option)
    }
    assert unknown == set()
    assert {name for name, _ in typed} - set(get_commands()) == set()


def has(name: str, option: str) -> bool:
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    return option in parser.format_help()
