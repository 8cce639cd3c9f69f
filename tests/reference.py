"""Writes SETTINGS.md: what each setting means from `.env.example`, its kind, bounds and default from the settings.

`make settings` runs it; tests/digest_site/test_settings.py sees that the file is what it would write.
"""

import ast
import re
from dataclasses import dataclass

from tests.environment import ROOT, setting_names

HEAD = (
    "# Settings\n\n"
    "Every value comes from the environment, or from a file `.env` beside `manage.py`; `ENV_FILE` names another file, "
    "and a variable of the process wins over it. All have defaults; a bad value stops the start with a sentence that "
    "says how to mend it. This file is made from [`.env.example`](.env.example) and the settings themselves by "
    "`make settings`."
)
FOOT = (
    "\nEvery further variable that begins with `ANYMAIL_` is handed to django-anymail; "
    "[PROVIDERS.md](PROVIDERS.md) names those that matter.\n"
)
KINDS = {
    "boolean": "true or false",
    "address": "mail address",
    "addresses": "mail addresses",
    "source_url": "web address",
    "domains": "file",
}
# Read by a function of their own, or with a default that is an expression: said in words.
SPECIAL = {
    "SITE_URL": ("web address", "`http://127.0.0.1:8000`"),
    "SECRET_KEY": ("secret", "made once and kept in `DATA_DIR`"),
    "SUPPRESSION_KEY": ("secret", "`SECRET_KEY`"),
    "ALLOWED_HOSTS": ("names", "the host of `SITE_URL`, and loopback"),
    "ADMIN_PATH": ("path", "`admin/`"),
    "DATA_DIR": ("folder", "`var`"),
    "DATABASE_URL": ("address", "SQLite in `DATA_DIR`"),
    "REDIS_URL": ("address", "a folder in `DATA_DIR`"),
    "EMAIL_URL": ("address", "files in `DATA_DIR/outbox`"),
    "ALERT_EMAIL_URL": ("address", "as all mail"),
    "SOURCE_CONTACT": ("text", "`SITE_URL`"),
    "DEFAULT_FROM_EMAIL": ("mail address", "`papers@localhost.localdomain`"),
    "ANYMAIL_WEBHOOK_SECRET": ("secret", "none"),
    "METRICS_TOKEN": ("secret", "none"),
}


@dataclass(frozen=True)
class Entry:
    section: str
    name: str
    meaning: str


def entries() -> list[Entry]:
    """The settings of `.env.example` in its order: a blank line and a heading begin a section, the lines above a
    setting say what it means."""
    found, section, words = [], "", []
    blocks = (ROOT / ".env.example").read_text(encoding="utf-8").split("\n\n")[1:]
    for block in blocks:
        heading, *lines = block.strip().splitlines()
        section, words = heading.removeprefix("# "), []
        for line in lines:
            if setting := re.match(r"#([A-Z][A-Z0-9_]+)=", line):
                found.append(Entry(section, setting[1], " ".join(words)))
                words = []
            else:
                words.append(line.removeprefix("# "))
    return found


def kinds() -> dict[str, tuple[str, str]]:
    """Kind and default by name."""
    found = {}
    tree = ast.parse((ROOT / "digest_site" / "settings.py").read_text(encoding="utf-8"))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        constants = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
        if isinstance(call.func, ast.Attribute) and constants and constants[0] in setting_names():
            found[constants[0]] = (_kind(call), _default(call))
    return found | SPECIAL


def _kind(call: ast.Call) -> str:
    name = call.func.attr  # type: ignore[attr-defined]
    if name == "integer":
        low, high = (ast.literal_eval(keyword.value) for keyword in call.keywords)
        return f"{low:,} to {high:,}"
    return {"choice": "one word", "str": "text", "list": "text, comma-separated"}.get(name) or KINDS[name]


def _default(call: ast.Call) -> str:
    values = [argument for argument in call.args[1:] if not _is_name_of_setting(argument, call)]
    given = values[0] if values else None
    if isinstance(given, ast.Constant) and given.value not in {"", None}:
        return f"`{str(given.value).lower() if isinstance(given.value, bool) else given.value}`"
    return f"`{given.id}`" if isinstance(given, ast.Name) else "none"


def _is_name_of_setting(argument: ast.expr, call: ast.Call) -> bool:
    return isinstance(argument, ast.Constant) and argument.value in setting_names()


def render() -> str:
    known, parts, section = kinds(), [HEAD], ""
    for entry in entries():
        if entry.section != section:
            section = entry.section
            parts.append(f"\n## {section}\n\n| variable | kind | default | meaning |\n|---|---|---|---|")
        kind, default = known.get(entry.name, ("text", "none"))
        parts.append(f"| `{entry.name}` | {kind} | {default} | {entry.meaning} |")
    return "\n".join(parts) + "\n" + FOOT


if __name__ == "__main__":
    (ROOT / "SETTINGS.md").write_text(render(), encoding="utf-8")
