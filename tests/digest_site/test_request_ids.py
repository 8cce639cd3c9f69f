import logging
import re

import pytest

MADE = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("given", ["5f2c1d9a", "01J8ZC7Y-abc.def_1", "a" * 64])
def test_clean_name_of_a_request_is_kept(client, given):
    assert client.get("/healthz", headers={"x-request-id": given})["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given",
    ["", "short", "a" * 65, "../../etc/passwd", "x\x1b[31mxxxxxxx", "<script>alert(1)", "ünïcödé-name", "-leading-x"],
)
def test_other_names_are_replaced(client, given):
    name = client.get("/healthz", headers={"x-request-id": given})["X-Request-ID"]

    assert MADE.fullmatch(name)


def test_each_request_has_a_name_of_its_own(client):
    assert client.get("/healthz")["X-Request-ID"] != client.get("/healthz")["X-Request-ID"]


@pytest.mark.django_db
def test_access_log_tells_the_route_and_not_the_path(client, caplog):
    caplog.set_level(logging.INFO, logger="digest_site")

    client.get("/u/Ab3_-5678901234567890ab?q=grokking")
    client.get("/nowhere/at/all")
    client.get("/healthz")

    lines = [
        re.sub(r"\d+ ms", "ms", each.getMessage()) for each in caplog.records if each.name == "digest_site.request_ids"
    ]
    assert lines == ["GET /u/<str:token> 404 ms", "GET /(no page) 404 ms"]
