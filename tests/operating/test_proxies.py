"""The proxies' snippets of OPERATING.md, read by the proxies themselves where they are installed."""

import re
import shutil
import subprocess

import pytest

from tests.operating import documents

NGINX = documents.files()["/etc/nginx/sites-available/paper-round"]
CADDY = documents.files()["/etc/caddy/Caddyfile"]


def test_nginx_sets_what_our_limits_and_redirects_need():
    headers = dict(re.findall(r"proxy_set_header (\S+)\s+(\S+);", NGINX))

    assert headers == {
        "Host": "$host",
        "X-Forwarded-For": "$proxy_add_x_forwarded_for",
        "X-Forwarded-Proto": "$scheme",
        "X-Request-ID": "$request_id",
    }


@pytest.mark.parametrize(
    ("path", "logged"), [("/u/Ab3_-5678901234567890ab", "0"), ("/c/x", "0"), ("/papers/2608.00001", "1"), ("/", "1")]
)
def test_a25_nginx_logs_no_reader_links_and_no_queries(path, logged):
    pattern = re.search(r"~(\S+)\s+0;", NGINX)

    assert ("0" if re.search(pattern[1], path) else "1") == logged
    log_format = re.search(r"log_format paper_round '(.*)';", NGINX)[1]
    assert not {"$request", "$request_uri", "$args", "$query_string", "$http_referer"} & set(
        re.findall(r"\$\w+", log_format)
    )


def test_a32_nginx_does_not_tell_its_version():
    servers = NGINX.split("\nserver {")[1:]

    assert ["server_tokens off;" in server for server in servers] == [True, True]


@pytest.mark.skipif(shutil.which("nginx") is None, reason="no nginx here")
def test_nginx_understands_it(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=digest.example.org",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    site = re.sub(r"/etc/letsencrypt\S+fullchain.pem", str(certificate), NGINX)
    site = re.sub(r"/etc/letsencrypt\S+privkey.pem", str(key), site).replace("/var/log/nginx", str(tmp_path))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\nhttp {{ {site} }}\n"
    )

    result = subprocess.run(
        ["nginx", "-t", "-q", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],
        check=False, capture_output=True, text=True,
    )  # fmt: skip

    assert (result.returncode, [line for line in result.stderr.splitlines() if "[emerg]" in line]) == (0, []), (
        result.stderr
    )


@pytest.mark.skipif(shutil.which("caddy") is None, reason="no Caddy here")
def test_caddy_understands_it(tmp_path):
    (tmp_path / "Caddyfile").write_text(CADDY)

    result = subprocess.run(
        ["caddy", "adapt", "--config", str(tmp_path / "Caddyfile"), "--validate"],
        check=False, capture_output=True, text=True, env={"HOME": str(tmp_path), "PATH": "/usr/bin"},
    )  # fmt: skip

    assert result.returncode == 0, result.stderr
