"""The product's settings in an environment of their own: no `.env`, no variable of the caller's, nothing left behind.

Only the database and the broker may be named from outside (DATABASE_URL, REDIS_URL): `tests.services` does it.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.environment import setting_names

_of_provider = {name for name in os.environ if name.startswith("ANYMAIL_")}
for _name in (setting_names() | _of_provider) - {"DATABASE_URL", "REDIS_URL"}:
    os.environ.pop(_name, None)
_data_dir = Path(tempfile.mkdtemp(prefix="paper-round-"))
atexit.register(shutil.rmtree, _data_dir, ignore_errors=True)
# Child processes (worker, web server) inherit these.
os.environ |= {
    "DATA_DIR": str(_data_dir),
    "ENV_FILE": os.devnull,
    "SECRET_KEY": "tests-only-" + 50 * "0",
    "DEFAULT_FROM_EMAIL": "Paper Round <papers@digest.example.org>",
    "POSTAL_ADDRESS": "1 Reading Room, 12345 Papertown",
}

from digest_site.settings import *  # noqa: E402, F403 -- the environment had to be set first
from digest_site.settings import DATABASES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, not memory: the product's locking and WAL are tested too, and other processes can join in.
    DATABASES["default"]["TEST"] = {"NAME": str(_data_dir / "test.sqlite3")}
