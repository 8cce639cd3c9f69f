from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0002_consent_evidence'),
    ]

    operations = [
        migrations.CreateModel(
            name='Allowance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text="The limit's name and a keyed hash.", max_length=100, unique=True)),
                ('used', models.PositiveIntegerField(default=0)),
                ('ends_at', models.DateTimeField(help_text="The window's end; the next use opens a new one.")),
            ],
            options={
                'indexes': [models.Index(fields=['ends_at'], name='allowance_ends')],
            },
        ),
    ]
