from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='consentevent',
            name='source',
            field=models.CharField(blank=True, default='', help_text='Where an operator has the consent from.', max_length=100),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='consentevent',
            name='evidence',
            field=models.TextField(blank=True, default='', help_text='What proves it, for a consent given elsewhere.'),
            preserve_default=False,
        ),
    ]
