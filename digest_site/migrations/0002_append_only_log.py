"""The admin's log can be added to and read, nothing else: the database itself refuses.

A later migration of Django's that makes SQLite rebuild this table drops the triggers: they must be created again.
tests/digest_site/test_audit.py notices.
"""

from django.db import migrations

SQLITE = (
    """
    CREATE TRIGGER log_never_{verb} BEFORE {verb} ON django_admin_log
    BEGIN SELECT RAISE(ABORT, 'the log of the admin is append-only'); END
    """
)
POSTGRESQL_FUNCTION = """
    CREATE FUNCTION digest_site_log_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the log of the admin is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$
    """
POSTGRESQL = """
    CREATE TRIGGER log_never_{verb} BEFORE {verb} ON django_admin_log
    FOR EACH ROW EXECUTE FUNCTION digest_site_log_append_only()
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
        schema_editor.execute(f'DROP TRIGGER log_never_{verb}' + (' ON django_admin_log' if on_postgresql else ''))
    if on_postgresql:
        schema_editor.execute('DROP FUNCTION digest_site_log_append_only()')


class Migration(migrations.Migration):

    dependencies = [
        ('digest_site', '0001_alert'),
        ('admin', '0003_logentry_add_action_flag_choices'),
    ]

    operations = [
        migrations.RunPython(protect, release),
    ]
