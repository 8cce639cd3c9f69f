import os
import threading
from collections.abc import Callable
from pathlib import Path

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured

from digest_site import environment, environment_mail
from tests.environment import setting_names

KEY = "k" * 50


@pytest.fixture
def env(monkeypatch):
    """The environment with nothing of ours in it; `env("NAME", "value")` sets one."""
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    return monkeypatch.setenv


NO_DATA = Path(os.devnull) / "data"
READERS: dict[str, Callable[[environ.Env], object]] = {
    "SITE_URL": environment.site_url,
    "SECRET_KEY": lambda env: environment.secret_key(env, NO_DATA, public=True),
    "DATABASE_URL": lambda env: environment.database(env, NO_DATA),
    "REDIS_URL": environment.redis_url,
    "EMAIL_URL": lambda env: environment_mail.email(env, "none"),
    "ALERT_EMAIL_URL": environment_mail.alert_backend,
    "ALERT_EMAILS": lambda env: environment_mail.addresses(env, "ALERT_EMAILS"),
    "DEFAULT_FROM_EMAIL": lambda env: environment_mail.address(env, "DEFAULT_FROM_EMAIL", "a@example.org"),
    "SEND_WINDOW": lambda env: environment.integer(env, "SEND_WINDOW", 10, low=1, high=500),
    "DEBUG": lambda env: environment.boolean(env, "DEBUG", False),
    "LOG_LEVEL": lambda env: environment.choice(env, "LOG_LEVEL", "INFO", environment.LOG_LEVELS),
    "REFUSED_DOMAINS_FILE": lambda env: environment_mail.domains(env, "REFUSED_DOMAINS_FILE"),
    "ARXIV_URL": lambda env: environment.source_url(env, "ARXIV_URL", "https://arxiv.org"),
}


def read(name: str) -> object:
    """What settings.py gets under this name."""
    return READERS[name](environ.Env())


SITE = "is not a site address: write scheme and host only, such as https://digest.example.org."
DATABASE = "DATABASE_URL names no database we know: write postgres://user:password@host/name or sqlite:///path."
REDIS = "REDIS_URL is not a Redis address: write redis://:password@host:6379/0."
MAIL = (
    "EMAIL_URL is not a mail server: write smtp://user:password@host:587, smtps://user:password@host:465 "
    "or file:// to write messages into the outbox folder."
)
ADDRESS = "is not one mail address: write for example DEFAULT_FROM_EMAIL='Paper Round <papers@example.org>'."
ALERT = "ALERT_EMAIL_URL is not a mail server: write smtp://user:password@host:587."
OPERATOR = "is not a mail address: write for example ALERT_EMAILS=you@example.org."
MAKE_A_KEY = "make one with python -c 'import secrets; print(secrets.token_urlsafe(50))' and set it in .env."


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SITE_URL", "digest.example.org", f"SITE_URL='digest.example.org' {SITE}"),
        ("SITE_URL", "ftp://example.org", f"SITE_URL='ftp://example.org' {SITE}"),
        ("SITE_URL", "https://example.org/papers", f"SITE_URL='https://example.org/papers' {SITE}"),
        ("SITE_URL", "https://example.org:eighty", f"SITE_URL='https://example.org:eighty' {SITE}"),
        ("SITE_URL", "https://[::1", f"SITE_URL='https://[::1' {SITE}"),
        ("SECRET_KEY", "", f"SECRET_KEY is empty while SITE_URL is https: {MAKE_A_KEY}"),
        ("SECRET_KEY", "short", f"SECRET_KEY has 5 characters, fewer than 50: {MAKE_A_KEY}"),
        ("DATABASE_URL", "paper_round", DATABASE),
        ("DATABASE_URL", "mysql://localhost/paper_round", DATABASE),
        ("DATABASE_URL", "postgres://localhost", DATABASE),
        ("DATABASE_URL", "postgres://localhost:port/paper_round", DATABASE),
        ("REDIS_URL", "localhost:6379", REDIS),
        ("REDIS_URL", "redis://:password@localhost:port/0", REDIS),
        ("REDIS_URL", "redis://", REDIS),
        ("EMAIL_URL", "mail.example.org", MAIL),
        ("EMAIL_URL", "smtp://", MAIL),
        ("EMAIL_URL", "smtp://mail.example.org:99999", MAIL),
        ("EMAIL_URL", "imap://mail.example.org", MAIL),
        ("DEFAULT_FROM_EMAIL", "papers", f"DEFAULT_FROM_EMAIL='papers' {ADDRESS}"),
        ("DEFAULT_FROM_EMAIL", "a@a.org, b@b.org", f"DEFAULT_FROM_EMAIL='a@a.org, b@b.org' {ADDRESS}"),
        ("ALERT_EMAIL_URL", "http://user:s3cret@host", ALERT),
        ("ALERT_EMAILS", "you", f"ALERT_EMAILS: 'you' {OPERATOR}"),
        ("ALERT_EMAILS", "a@a.org, You <b@b.org>", f"ALERT_EMAILS: 'You <b@b.org>' {OPERATOR}"),
        ("ALERT_EMAILS", "ä@example.org", f"ALERT_EMAILS: 'ä@example.org' {OPERATOR}"),
        ("SEND_WINDOW", "ten", "SEND_WINDOW='ten' is not a whole number from 1 to 500."),
        ("SEND_WINDOW", "0", "SEND_WINDOW='0' is not a whole number from 1 to 500."),
        ("SEND_WINDOW", "501", "SEND_WINDOW='501' is not a whole number from 1 to 500."),
        ("DEBUG", "maybe", "DEBUG='maybe' is neither true nor false: write DEBUG=true or DEBUG=false."),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL='LOUD' is not one of DEBUG, ERROR, INFO, WARNING."),
        ("ARXIV_URL", "arxiv", "ARXIV_URL='arxiv' is not a web address: write for example ARXIV_URL=https://arxiv.org."),
    ],
)  # fmt: skip
def test_setting_that_is_bad_stops_the_start_with_a_sentence(env, name, value, sentence):
    env(name, value)

    with pytest.raises(ImproperlyConfigured) as stop:
        read(name)

    assert str(stop.value) == sentence


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SITE_URL", "", "http://127.0.0.1:8000"),
        ("SITE_URL", " https://digest.example.org/ ", "https://digest.example.org"),
        ("SECRET_KEY", KEY, KEY),
        ("REDIS_URL", "", ""),
        ("REDIS_URL", "rediss://:p@ss@host:6380/1", "rediss://:p@ss@host:6380/1"),
        ("DEFAULT_FROM_EMAIL", "Paper Round <p@example.org>", "Paper Round <p@example.org>"),
        ("DEFAULT_FROM_EMAIL", '"Round, Paper" <p@example.org>', '"Round, Paper" <p@example.org>'),
        ("DEFAULT_FROM_EMAIL", "", "a@example.org"),
        ("ALERT_EMAILS", "", []),
        ("ALERT_EMAILS", " a@example.org, b@example.org ,", ["a@example.org", "b@example.org"]),
        ("ALERT_EMAIL_URL", "", {}),
        (
            "ALERT_EMAIL_URL",
            "smtp://user:pa%20ss@other.example.org:587",
            {
                "backend": "subscriptions.smtp.EmailBackend",
                "host": "other.example.org",
                "port": 587,
                "username": "user",
                "password": "pa ss",
                "use_ssl": False,
                "use_tls": True,
            },
        ),
        ("SEND_WINDOW", "", 10),
        ("SEND_WINDOW", " 500 ", 500),
        ("DEBUG", "", False),
        ("DEBUG", "Yes", True),
        ("LOG_LEVEL", "", "INFO"),
        ("ARXIV_URL", "http://127.0.0.1:9/", "http://127.0.0.1:9"),
    ],
)
def test_setting_that_is_good_is_read(env, name, value, expected):
    env(name, value)

    assert read(name) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", {"EMAIL_BACKEND": "subscriptions.outbox.EmailBackend"}),
        ("file://", {"EMAIL_BACKEND": "subscriptions.outbox.EmailBackend"}),
        (
            "smtp://me%40example.org:p%2Fw@mail.example.org:587",
            {
                "EMAIL_BACKEND": "subscriptions.smtp.EmailBackend",
                "EMAIL_HOST": "mail.example.org",
                "EMAIL_PORT": 587,
                "EMAIL_HOST_USER": "me@example.org",
                "EMAIL_HOST_PASSWORD": "p/w",
                "EMAIL_USE_SSL": False,
                "EMAIL_USE_TLS": True,
            },
        ),
        (
            "smtps://mail.example.org",
            {
                "EMAIL_BACKEND": "subscriptions.smtp.EmailBackend",
                "EMAIL_HOST": "mail.example.org",
                "EMAIL_PORT": 465,
                "EMAIL_HOST_USER": "",
                "EMAIL_HOST_PASSWORD": "",
                "EMAIL_USE_SSL": True,
                "EMAIL_USE_TLS": False,
            },
        ),
    ],
)
def test_email_url_names_the_mail_server(env, url, expected):
    env("EMAIL_URL", url)

    assert read("EMAIL_URL") == expected


def test_email_provider_wins_over_email_url(env):
    env("EMAIL_URL", "smtp://mail.example.org")

    assert environment_mail.email(environ.Env(), "postmark") == {
        "EMAIL_BACKEND": "anymail.backends.postmark.EmailBackend"
    }


def test_database_without_url_is_sqlite_that_waits_for_other_writers(env, tmp_path):
    folder = tmp_path / "papers #1 (50%20) ?"

    config = environment.database(environ.Env(), folder)

    assert (config["ENGINE"], config["NAME"]) == ("django.db.backends.sqlite3", str(folder / "paper_round.sqlite3"))
    assert config["OPTIONS"] == {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
    }


def test_secret_key_of_a_private_site_is_made_once_and_kept(env, tmp_path):
    first = environment.secret_key(environ.Env(), tmp_path / "var", public=False)
    second = environment.secret_key(environ.Env(), tmp_path / "var", public=False)

    assert len(first) >= environment.MIN_SECRET_KEY
    assert second == first
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret_key"]
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o077 == 0


def test_secret_key_is_the_same_for_processes_that_start_together(env, tmp_path):
    keys: list[str] = []
    start = threading.Barrier(8)

    def process() -> None:
        start.wait()
        keys.append(environment.secret_key(environ.Env(), tmp_path, public=False))

    threads = [threading.Thread(target=process) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(keys), len(set(keys))) == (8, 1)


def test_data_folder_that_cannot_be_used_stops_the_start(env, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ImproperlyConfigured) as stop:
        environment.secret_key(environ.Env(), tmp_path / "file", public=False)

    assert str(stop.value) == f"DATA_DIR={str(tmp_path / 'file')!r} cannot be used: File exists."


def test_dotenv_is_read_but_the_process_environment_wins(env, monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("SITE_NAME=From the file\nLOG_LEVEL=ERROR\n")
    env("SITE_NAME", "From the process")
    monkeypatch.setattr(os, "environ", os.environ.copy())

    read_env = environment.read_env(tmp_path)

    assert (read_env.str("SITE_NAME"), read_env.str("LOG_LEVEL")) == ("From the process", "ERROR")


def test_env_file_that_is_missing_stops_the_start(env, tmp_path):
    env("ENV_FILE", "/nowhere/paper-round.env")

    with pytest.raises(ImproperlyConfigured) as stop:
        environment.read_env(tmp_path)

    assert str(stop.value) == "ENV_FILE='/nowhere/paper-round.env' does not exist."


ANYMAIL_VALUES = [
    ("ANYMAIL_POSTMARK_SERVER_TOKEN", "0123", "0123"),
    ("ANYMAIL_WEBHOOK_SECRET", "hooks:old, hooks:new:er,", ["hooks:old", "hooks:new:er"]),
    ("ANYMAIL_WEBHOOK_SECRET", "", []),
    ("ANYMAIL_REQUESTS_TIMEOUT", "12", 12),
    ("ANYMAIL_IGNORE_UNSUPPORTED_FEATURES", "false", False),
    ("ANYMAIL_POSTMARK_USE_BULK_API", "no", False),
    ("ANYMAIL_DEBUG_API_REQUESTS", "false", False),
    ("ANYMAIL_AMAZON_SES_CLIENT_PARAMS", '{"region_name": "eu-west-1"}', {"region_name": "eu-west-1"}),
    ("ANYMAIL_SEND_DEFAULTS", "", {}),
]


@pytest.mark.parametrize(("name", "value", "expected"), ANYMAIL_VALUES)
def test_anymail_setting_gets_its_type(env, name, value, expected):
    env(name, value)

    values = environment_mail.anymail(environ.Env(), 30)

    assert values == {"REQUESTS_TIMEOUT": 30} | {name.removeprefix("ANYMAIL_"): expected}


def test_anymail_provider_is_no_setting_of_anymails(env):
    env("ANYMAIL_PROVIDER", "postmark")

    assert environment_mail.anymail(environ.Env(), 25) == {"REQUESTS_TIMEOUT": 25}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("ANYMAIL_WEBHOOK_SECRET", "hooks:good,secret", "ANYMAIL_WEBHOOK_SECRET is not user:password: write"),
        ("ANYMAIL_WEBHOOK_SECRET", "hooks:", "ANYMAIL_WEBHOOK_SECRET is not user:password: write"),
        ("ANYMAIL_REQUESTS_TIMEOUT", "soon", "ANYMAIL_REQUESTS_TIMEOUT='soon' is not a whole number from 1 to 300."),
        ("ANYMAIL_DEBUG_API_REQUESTS", "yes", "ANYMAIL_DEBUG_API_REQUESTS=true would print readers' addresses"),
        ("ANYMAIL_IGNORE_RECIPIENT_STATUS", "perhaps", "ANYMAIL_IGNORE_RECIPIENT_STATUS='perhaps' is neither true"),
        ("ANYMAIL_SEND_DEFAULTS", "[]", "ANYMAIL_SEND_DEFAULTS is not a JSON object: write"),
        ("ANYMAIL_AMAZON_SES_CLIENT_PARAMS", "{", "ANYMAIL_AMAZON_SES_CLIENT_PARAMS is not a JSON object: write"),
    ],
)
def test_anymail_setting_that_is_bad_stops_the_start(env, name, value, sentence):
    env(name, value)

    with pytest.raises(ImproperlyConfigured) as error:
        environment_mail.anymail(environ.Env(), 30)

    assert str(error.value).startswith(sentence)


def test_amazon_ses_without_its_client_stops_the_start(env, monkeypatch):
    monkeypatch.setattr(environment_mail, "find_spec", lambda name: None)

    with pytest.raises(ImproperlyConfigured) as error:
        environment_mail.email(environ.Env(), "amazon_ses")

    assert "pip install --require-hashes -r requirements-ses.txt" in str(error.value)


@pytest.mark.parametrize(
    ("value", "path"),
    [("", "admin/"), ("desk", "desk/"), ("/back-office/7f3a/", "back-office/7f3a/"), (" / ", "admin/")],
)
def test_admin_path(env, value, path):
    env("ADMIN_PATH", value)

    assert environment.admin_path(environ.Env()) == path


@pytest.mark.parametrize("value", ["a b", "../x", "a//b", "täst", "a?b", "<x>"])
def test_admin_path_that_cannot_be_one(env, value):
    env("ADMIN_PATH", value)

    with pytest.raises(ImproperlyConfigured, match="write letters, digits, - and _, such as ADMIN_PATH"):
        environment.admin_path(environ.Env())


def test_domains_are_read_as_addresses_hold_theirs(env, tmp_path):
    path = tmp_path / "domains.txt"
    path.write_text(
        "# throw-away\nThrow.Example.\n\nfaß.example  # in Unicode\nxn--nxasmm1c.example\n", encoding="utf-8"
    )
    env("REFUSED_DOMAINS_FILE", str(path))

    assert read("REFUSED_DOMAINS_FILE") == {"throw.example", "xn--fa-hia.example", "xn--nxasmm1c.example"}


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", "a\u200cb\u2260.example".encode()])
def test_domains_that_cannot_be_read_stop_the_start(env, tmp_path, content):
    path = tmp_path / "domains.txt"
    if content is not None:
        path.write_bytes(content)
    env("REFUSED_DOMAINS_FILE", str(path))

    with pytest.raises(ImproperlyConfigured, match="is not a file with a domain a line: "):
        read("REFUSED_DOMAINS_FILE")
