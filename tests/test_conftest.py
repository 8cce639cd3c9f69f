"""No test reaches beyond this machine, whatever the code under test catches."""

import socket

import pytest


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "169.254.169.254"])
def test_connecting_elsewhere_fails_the_test(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET

    with pytest.raises(pytest.fail.Exception, match=f"The test connects to {host}"):
        socket.socket(family).connect((host, 80))


def test_looking_up_a_name_fails_the_test():
    with pytest.raises(pytest.fail.Exception, match=r"The test looks up digest\.example\.org"):
        socket.create_connection(("digest.example.org", 80))


def test_name_that_cannot_exist_is_not_found():
    with pytest.raises(socket.gaierror):
        socket.create_connection(("digest.invalid", 80))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_connecting_to_this_machine_is_allowed(host):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection((host, server.getsockname()[1])):
        pass
