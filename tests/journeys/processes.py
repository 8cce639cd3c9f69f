"""Programs of the product as processes of their own, on the test's database."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

from django.db import connection

from tests.environment import ROOT

NOWHERE = "http://127.0.0.1:9"


def database_url() -> str:
    """The address of the test's own database."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    user, password, host = (quote(database[name], safe="") for name in ("USER", "PASSWORD", "HOST"))
    port = f":{database['PORT']}" if database["PORT"] else ""
    options = urlencode({name: value for name, value in database["OPTIONS"].items() if isinstance(value, str)})
    return f"postgresql://{user}:{password}@{host}{port}/{database['NAME']}?{options}"


@contextmanager
def running(*command: str, folder: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """Run `python -m command …`; at the end stop it as an operator would, and see that it ends well."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "digest_site.settings",
        "DATA_DIR": str(folder),
        "DATABASE_URL": database_url(),
        "HUGGINGFACE_URL": NOWHERE,
        "ARXIV_URL": NOWHERE,
        "ARXIV_RSS_URL": NOWHERE,
        "ARXIV_API_URL": NOWHERE,
        **settings,
    }
    log = folder / f"{command[0]}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=output, stderr=output, text=True
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            print(log.read_text())  # shown with a failure
    assert process.returncode == 0
