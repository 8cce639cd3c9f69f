"""Links to private feeds; and how erasing a person agrees with the append-only consent log.

While a person is in the database, nothing of their log can be changed or deleted. Once they are erased, what an
operator wrote as source and evidence (it may hold an address) can be emptied, and retention can delete the rows.
"""

from django.db import migrations, models

ERASED = 'NOT EXISTS (SELECT 1 FROM subscriptions_subscriber WHERE id = OLD.subscriber_id)'
COLUMNS = ('id', 'subscriber_id', 'kind', 'at', 'form', 'text_version', 'text_hash', 'locale')
SAME = ' AND '.join(f'NEW.{column} = OLD.{column}' for column in COLUMNS)
ONLY_EMPTIED = f"{SAME} AND NEW.source = '' AND NEW.evidence = ''"

SQLITE = """
    CREATE TRIGGER consent_never_{verb} BEFORE {verb} ON subscriptions_consentevent{condition}
    BEGIN SELECT RAISE(ABORT, 'the consent log is append-only'); END
    """
POSTGRESQL = f"""
    CREATE OR REPLACE FUNCTION subscriptions_consent_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF {ERASED} THEN
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            IF {ONLY_EMPTIED} THEN RETURN NEW; END IF;
        END IF;
        RAISE EXCEPTION 'the consent log is append-only' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """
POSTGRESQL_BEFORE = """
    CREATE OR REPLACE FUNCTION subscriptions_consent_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the consent log is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$
    """


def loosen(apps, schema_editor):
    if schema_editor.connection.vendor == 'postgresql':
        schema_editor.execute(POSTGRESQL, params=None)
    else:
        _create(schema_editor, UPDATE=f' WHEN NOT ({ERASED} AND {ONLY_EMPTIED})', DELETE=f' WHEN NOT ({ERASED})')


def tighten(apps, schema_editor):
    if schema_editor.connection.vendor == 'postgresql':
        schema_editor.execute(POSTGRESQL_BEFORE, params=None)
    else:
        _create(schema_editor, UPDATE='', DELETE='')


def _create(schema_editor, **conditions):
    for verb, condition in conditions.items():
        schema_editor.execute(f'DROP TRIGGER consent_never_{verb}')
        schema_editor.execute(SQLITE.format(verb=verb, condition=condition))


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0013_welcome_and_silence'),
    ]

    operations = [
        migrations.AlterField(
            model_name='consentevent',
            name='kind',
            field=models.CharField(choices=[('requested', 'asked to subscribe'), ('confirmed', 'confirmed'), ('changed', 'changed preferences'), ('address', 'changed address'), ('withdrawn', 'unsubscribed'), ('erased', 'had everything deleted')], max_length=12),
        ),
        migrations.AlterField(
            model_name='token',
            name='purpose',
            field=models.CharField(choices=[('confirm', 'confirm a subscription'), ('unsubscribe', 'unsubscribe'), ('manage', 'manage preferences'), ('email', 'change the address'), ('feed', "read one's digests as a feed")], max_length=12),
        ),
        migrations.RunPython(loosen, tighten),
    ]
