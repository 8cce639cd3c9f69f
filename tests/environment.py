"""Which environment variables the product reads, taken from its source."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = tuple(ROOT / "digest_site" / f"{name}.py" for name in ("settings", "environment", "environment_mail"))

# env.str("NAME" …), env.list("NAME" …), integer(env, "NAME" …), os.environ.get("NAME" …)
READ = re.compile(r'\benv(?:iron)?(?:\.\w+\(|,)\s*"([A-Z][A-Z0-9_]+)"')


def setting_names() -> frozenset[str]:
    return frozenset(name for path in SOURCES for name in READ.findall(path.read_text(encoding="utf-8")))
