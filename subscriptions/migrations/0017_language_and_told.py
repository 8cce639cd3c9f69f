"""The language of a reader's mails; and what a digest says about itself, for readers of any language."""

from importlib import import_module

from django.db import migrations, models

import subscriptions.models.subscriber

feeds_and_erasure = import_module("subscriptions.migrations.0014_feeds_and_erasure")


def lift(apps, schema_editor):
    """SQLite makes the table of readers anew for a column, and triggers that name it would stop that."""
    if schema_editor.connection.vendor == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            schema_editor.execute(f"DROP TRIGGER consent_never_{verb}")


def lay(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        erased, emptied = feeds_and_erasure.ERASED, feeds_and_erasure.ONLY_EMPTIED
        for verb, may in (("UPDATE", f"{erased} AND {emptied}"), ("DELETE", erased)):
            schema_editor.execute(feeds_and_erasure.SQLITE.format(verb=verb, condition=f" WHEN NOT ({may})"))


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0016_interest_normal"),
    ]

    operations = [
        migrations.RunPython(lift, lay),
        migrations.AddField(
            model_name="subscriber",
            name="language",
            field=models.CharField(
                choices=subscriptions.models.subscriber.languages,
                default="en",
                help_text="What mails are written in.",
                max_length=12,
            ),
        ),
        migrations.RunPython(lay, lift),
        migrations.AddField(
            model_name="digest",
            name="told",
            field=models.JSONField(
                blank=True, default=dict, editable=False, help_text="The same as facts, for readers of any language."
            ),
        ),
        migrations.AlterField(
            model_name="digest",
            name="reason",
            field=models.CharField(blank=True, help_text="Why there is nothing, in English.", max_length=300),
        ),
    ]
