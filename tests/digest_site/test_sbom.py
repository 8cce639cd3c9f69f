"""The bill of materials (STANDARDS A29) against the pins, read here in another way."""

import re

from tests import sbom
from tests.environment import ROOT

TWO = """\
alpha==1.0 \\
    --hash=sha256:{a} \\
    --hash=sha256:{b}
    # via -r requirements.in
beta-two==2.0.1 ; python_full_version < '3.12' \\
    --hash=sha256:{c}
    # via
    #   -r requirements.in
    #   alpha
""".format(a=64 * "a", b=64 * "b", c=64 * "c")
THIRD = (
    f"beta-two==2.0.1 \\\n    --hash=sha256:{64 * 'c'}\n    # via gamma\ngamma==3 \\\n    --hash=sha256:{64 * 'd'}\n"
)


def file(url: str, letter: str) -> dict:
    return {"type": "distribution", "url": url, "hashes": [{"alg": "SHA-256", "content": 64 * letter}]}


def test_a29_bill_names_every_package_once_with_its_files_and_who_asks_for_it():
    alpha, beta, gamma = "pkg:pypi/alpha@1.0", "pkg:pypi/beta-two@2.0.1", "pkg:pypi/gamma@3"

    found = sbom.write(sbom.read(TWO), sbom.read(THIRD), "0.1.0")

    assert found["components"] == [
        {
            "type": "library", "bom-ref": alpha, "name": "alpha", "version": "1.0", "scope": "required", "purl": alpha,
            "externalReferences": [file(alpha, "a"), file(alpha, "b")],
        },
        {
            "type": "library", "bom-ref": beta, "name": "beta-two", "version": "2.0.1", "scope": "required",
            "purl": beta, "externalReferences": [file(beta, "c")],
            "properties": [{"name": "environment marker", "value": "python_full_version < '3.12'"}],
        },
        {
            "type": "library", "bom-ref": gamma, "name": "gamma", "version": "3", "scope": "optional", "purl": gamma,
            "externalReferences": [file(gamma, "d")],
        },
    ]  # fmt: skip
    assert found["dependencies"] == [
        {"ref": "paper-round", "dependsOn": [alpha, beta]},
        {"ref": alpha, "dependsOn": [beta]},
        {"ref": beta, "dependsOn": []},
        {"ref": gamma, "dependsOn": [beta]},
    ]
    assert found == sbom.write(sbom.read(TWO), sbom.read(THIRD), "0.1.0")


def test_a29_bill_of_this_clone_is_that_of_its_pins():
    pinned: dict[tuple[str, str], int] = {}
    for name in (*sbom.REQUIRED, *sbom.OPTIONAL):
        for block in re.split(r"\n(?=[a-z])", (ROOT / name).read_text(encoding="utf-8")):
            pin = re.match(r"([\w.-]+)==([^ ]+)", block)
            pinned[pin[1], pin[2]] = block.count("--hash=sha256:")

    found = sbom.bill()

    components = found["components"]
    assert {(one["name"], one["version"]): len(one["externalReferences"]) for one in components} == pinned
    assert len({one["bom-ref"] for one in components}) == len(components) > 60
    # Left out of this machine, so nothing is known of their licence.
    unlicensed = [one for one in components if "licenses" not in one]
    assert [one["name"] for one in unlicensed if "properties" not in one] == []
    asked = {reference for one in found["dependencies"] for reference in one["dependsOn"]}
    assert asked == {one["bom-ref"] for one in components}
