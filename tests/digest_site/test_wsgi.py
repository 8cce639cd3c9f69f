"""What the server hands to the site, before any middleware has seen it."""

import io
from wsgiref.util import setup_testing_defaults

import pytest
from django.http import HttpResponseBase

from digest_site.wsgi import application

BODY = b'--x\r\nContent-Disposition: form-data; name="keywords"\r\n\r\n+2AA- gr\xc3\xbcn\r\n--x--\r\n'


def ask(method: str, path: str, content_type: str) -> HttpResponseBase:
    """The answer to a request with BODY."""
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "q=gr%C3%BCn", "HTTP_HOST": "localhost"}
    environ |= {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(BODY)), "wsgi.input": io.BytesIO(BODY)}
    setup_testing_defaults(environ)
    return application.get_response(application.request_class(environ))


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["hex", "rot13", "undefined", "punycode", "idna", "utf-16", "utf-7", "nope"])
def test_whatever_charset_is_named_it_is_read_as_utf_8(charset):
    found = ask("GET", "/papers", f"text/plain; charset={charset}")
    left = ask("POST", "/u/nobody", f"multipart/form-data; boundary=x; charset={charset}")
    refused = ask("POST", "/subscribe", f"multipart/form-data; boundary=x; charset={charset}")

    assert (found.status_code, left.status_code, refused.status_code) == (200, 404, 403)
    assert 'value="grün"' in found.content.decode()
