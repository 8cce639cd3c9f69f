"""The consent log can be added to and read, nothing else: the database itself refuses.

A later migration that makes SQLite rebuild this table drops the triggers: it must create them again.
tests/subscriptions/test_consent.py notices.
"""

from django.db import migrations

SQLITE = (
    """
    CREATE TRIGGER consent_never_{verb} BEFORE {verb} ON subscriptions_consentevent
    BEGIN SELECT RAISE(ABORT, 'the consent log is append-only'); END
    """
)
POSTGRESQL_FUNCTION = """
    CREATE FUNCTION subscriptions_consent_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the consent log is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$
    """
POSTGRESQL = """
    CREATE TRIGGER consent_never_{verb} BEFORE {verb} ON subscriptions_consentevent
    FOR EACH ROW EXECUTE FUNCTION subscriptions_consent_append_only()
    """
VERBS = ('UPDATE', 'DELETE')


def protect(apps, schema_editor):
    on_postgresql = schema_editor.connection.vendor == 'postgresql'
    if on_postgresql:
        schema_editor.execute(POSTGRESQL_FUNCTION)
    for verb in VERBS:
        schema_editor.execute((POSTGRESQL if on_postgresql else SQLITE).format(verb=verb))


def release(apps, schema_editor):
    on_postgresql = schema_editor.connection.vendor == 'postgresql'
    for verb in VERBS:
        schema_editor.execute(
            f'DROP TRIGGER consent_never_{verb}' + (' ON subscriptions_consentevent' if on_postgresql else '')
        )
    if on_postgresql:
        schema_editor.execute('DROP FUNCTION subscriptions_consent_append_only()')


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0003_allowance'),
    ]

    operations = [
        migrations.RunPython(protect, release),
    ]
