from django.db import migrations

DEFAULTS = {
    "cs.AI": "Artificial Intelligence",
    "cs.CL": "Computation and Language",
    "cs.CV": "Computer Vision and Pattern Recognition",
    "cs.LG": "Machine Learning",
    "cs.RO": "Robotics",
    "stat.ML": "Machine Learning (Statistics)",
}


def add_defaults(apps, schema_editor):
    category = apps.get_model("papers", "Category")
    for code, name in DEFAULTS.items():
        category.objects.get_or_create(code=code, defaults={"name": name})


class Migration(migrations.Migration):
    dependencies = [("papers", "0001_initial")]

    operations = [migrations.RunPython(add_defaults, migrations.RunPython.noop)]
