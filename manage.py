#!/usr/bin/env python
"""Django's command line, with Paper Round's settings."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError, OperationalError, ProgrammingError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digest_site.settings")
    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, DatabaseError) as error:
        words = explain(error)
        if not words or "--traceback" in sys.argv:
            raise
        sys.exit(words)


def explain(error: Exception) -> str:
    """What to say of an installation that is not ready; empty where the fault may be ours."""
    if isinstance(error, ImproperlyConfigured):
        return str(error)
    words = str(error).partition("\n")[0]
    is_behind = isinstance(error, ProgrammingError) and "does not exist" in words  # of a table or a column
    if is_behind or words.startswith(("no such table", "no such column")):
        return f"The database is not up to date ({words}): run manage.py migrate first."
    return f"The database does not answer: {words}." if isinstance(error, OperationalError) else ""


if __name__ == "__main__":
    main()
