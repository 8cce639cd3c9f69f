import pytest

from subscriptions.addresses import AddressError, canonical, domain_of, masked, parse

NOT_ASCII = "Before the @ only unaccented letters, digits and signs such as . + - _ can be delivered."


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ada@example.org", "ada@example.org"),
        ("Ada.B+papers@Example.ORG", "Ada.B+papers@example.org"),
        ("o'brien@example.org", "o'brien@example.org"),
        ("ada@faß.de", "ada@xn--fa-hia.de"),
        ("ada@βόλος.com", "ada@xn--nxasmm1c.com"),
        ("ada@ex。ample.com", "ada@ex.ample.com"),
        ("ada@ＥＸＡＭＰＬＥ.org", "ada@example.org"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
def test_m40_s18_address_is_stored_with_its_domain_as_a_label(typed: str, stored: str) -> None:
    assert parse(typed) == stored
    assert parse(stored) == stored


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("ada", "An address has an @ in it, such as ada@example.org."),
        ("jané@example.com", NOT_ASCII),
        ("a@example.org, b@example.org", "Write one address only."),
        ("a@example.org;b@example.org", "Write one address only."),
        ("a@example.org\nb@example.org", "Write one address only."),
        ("Doe, Jane <j@example.org>", "Write the address alone, without a name and without < and >."),
        ("<j@example.org>", "Write the address alone, without a name and without < and >."),
        ("a" * 250 + "@example.org", "This address is too long: at most 254 characters can be delivered."),
    ],
)
def test_m41_m42_refused_address_is_explained(typed: str, sentence: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse(typed)

    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "a@localhost",
        "a@[127.0.0.1]",
        '"a b"@example.org',
        "a@example.org.",
        "a@-example.org",
        "a@a\u200cb.de",
        "a" * 65 + "@example.org",
        "a@" + "x" * 64 + ".org",
        " a@example.org",
        "a@example.org\n",
        "a\x00b@example.org",
        "a@exam\x0bple.org",
        "a@example.org\r\nBcc: b@example.org",
    ],
)
def test_s20_what_cannot_be_delivered_is_refused(typed: str) -> None:
    with pytest.raises(AddressError):
        parse(typed)


def test_m40_domain_that_grows_beyond_the_limit_as_a_label_is_refused() -> None:
    with pytest.raises(AddressError):
        parse("a" * 60 + "@" + ".".join(["ß" * 30] * 6) + ".de")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("Ada@Example.org", "ada@example.org"),
        ("ada+x@example.org", "ada@example.org"),
        ("a.d.a@example.org", "a.d.a@example.org"),
        ("A.d.a+x+y@gmail.com", "ada@gmail.com"),
        ("ada@googlemail.com", "ada@gmail.com"),
        ("+x@example.org", "+x@example.org"),
    ],
)
def test_s18_spellings_of_one_mailbox_have_one_key(address: str, key: str) -> None:
    assert canonical(address) == key


def test_domain_is_what_follows_the_last_at() -> None:
    assert domain_of("Ada@Example.org") == "example.org"


@pytest.mark.parametrize(("address", "shown"), [("ada@example.org", "a…@example.org"), ("a@x.org", "a…@x.org")])
def test_s15_masked_address_hides_the_local_part(address: str, shown: str) -> None:
    assert masked(address) == shown
