"""What OPERATING.md tells people to type and to write, taken from its own text."""

import re

from tests.environment import ROOT

TEXT = (ROOT / "OPERATING.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files() -> dict[str, str]:
    """Configuration files by the path that their first line names."""
    found = {}
    for _, body in _BLOCK.findall(TEXT):
        first, _, rest = body.partition("\n")
        if named := re.fullmatch(r"# (/etc/\S+|\.env)(?: \(.*\))?", first):
            found[named[1]] = rest
    return found


def units() -> dict[str, str]:
    return {path.rpartition("/")[2]: body for path, body in files().items() if "/systemd/" in path}


def commands(heading: str) -> list[str]:
    """The commands of the shell blocks that begin with `# heading`."""
    blocks = [body for kind, body in _BLOCK.findall(TEXT) if kind == "sh" and body.startswith(f"# {heading}\n")]
    return [line for body in blocks for line in body.splitlines()[1:]]


def block(first: str) -> str:
    """The block whose first line is this comment."""
    [body] = [body for _, body in _BLOCK.findall(TEXT) if body.startswith(f"# {first}\n")]
    return body
