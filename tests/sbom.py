"""Writes the bill of materials: every pinned package with its hashes, licence and who asks for it, as CycloneDX JSON.

`make sbom` runs it. The same pins give the same bytes. It looks nothing up: what is known of a package comes from
requirements*.txt, and its licence from the package itself, where it is installed.
"""

import json
import re
import tomllib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

from tests.environment import ROOT

# What runs Paper Round, and what only some settings need.
REQUIRED, OPTIONAL = ("requirements.txt",), ("requirements-ses.txt", "requirements-sentry.txt")
_PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?: ; (?P<marker>[^\\\n]+?))? \\$", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_VIA = re.compile(r"^ +# (?:via)? *(-r |[a-z0-9])([\w.-]*)$", re.MULTILINE)
OWN = "paper-round"


@dataclass(frozen=True)
class Pin:
    """One package. `via`: the packages that asked for it, or we; `marker`: on which machines only."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    via: frozenset[str]

    @property
    def url(self) -> str:
        """https://github.com/package-url/purl-spec"""
        return f"pkg:pypi/{self.name}@{self.version}"


def read(text: str) -> list[Pin]:
    """The pins of a requirements file as `make requirements` writes it."""
    starts = list(_PIN.finditer(text))
    ends = [match.start() for match in starts[1:]] + [len(text)]
    return [
        Pin(
            name=match["name"].lower(),
            version=match["version"],
            marker=match["marker"] or "",
            hashes=tuple(_HASH.findall(text, match.end(), end)),
            via=frozenset(OWN if by == "-r " else by + rest for by, rest in _VIA.findall(text, match.end(), end)),
        )
        for match, end in zip(starts, ends, strict=True)
    ]


def write(required: Sequence[Pin], optional: Sequence[Pin], version: str) -> dict[str, Any]:
    """https://cyclonedx.org/docs/1.6/json/"""
    needed = {pin.url for pin in required}
    pins = sorted(_merged([*required, *optional]), key=lambda pin: (pin.name, pin.version))
    own = {"type": "application", "bom-ref": OWN, "name": OWN, "version": version}
    body = {
        "metadata": {"component": own | {"licenses": [{"license": {"id": "MIT"}}]}},
        "components": [_component(pin, "required" if pin.url in needed else "optional") for pin in pins],
        "dependencies": [_asks(OWN, OWN, pins), *(_asks(pin.url, pin.name, pins) for pin in pins)],
    }
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{number}", "version": 1, **body}


def _merged(pins: Iterable[Pin]) -> list[Pin]:
    """Each once: several files may pin a package, for askers of their own; a marker may tell two versions apart."""
    found: dict[str, Pin] = {}
    for pin in pins:
        known = found.setdefault(pin.url, pin)
        found[pin.url] = replace(known, via=known.via | pin.via)
    return list(found.values())


def _component(pin: Pin, scope: str) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "library", "bom-ref": pin.url, "name": pin.name, "version": pin.version}
    found |= {"scope": scope, "purl": pin.url}
    if licence := _licence(pin.name):
        found["licenses"] = [{"license": {"name": licence}}]
    hashes = [{"alg": "SHA-256", "content": content} for content in pin.hashes]
    # Each hash is that of one of the package's files, whichever pip takes on a machine.
    found["externalReferences"] = [{"type": "distribution", "url": pin.url, "hashes": [one]} for one in hashes]
    if pin.marker:
        found["properties"] = [{"name": "environment marker", "value": pin.marker}]
    return found


def _asks(reference: str, name: str, pins: list[Pin]) -> dict[str, Any]:
    return {"ref": reference, "dependsOn": [pin.url for pin in pins if name in pin.via]}


def _licence(name: str) -> str:
    """As the package itself says it, in one line; empty where it is not installed or says nothing."""
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return ""
    classes = [line.rpartition(" :: ")[2] for line in said.get_all("Classifier", []) if line.startswith("License :: ")]
    return said.get("License-Expression") or " or ".join(classes) or said.get("License", "").partition("\n")[0]


def bill() -> dict[str, Any]:
    required, optional = (
        [pin for name in names for pin in read((ROOT / name).read_text(encoding="utf-8"))]
        for names in (REQUIRED, OPTIONAL)
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return write(required, optional, project["version"])


def main() -> None:
    path = ROOT / "var" / "sbom.json"
    path.parent.mkdir(exist_ok=True)
    found = bill()
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"{len(found['components'])} packages in {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
