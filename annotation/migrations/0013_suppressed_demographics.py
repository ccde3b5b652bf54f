from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """A demographic that a release had suppressed comes back as one whose value is not known."""

    dependencies = [("annotation", "0012_checks_in_hand")]
    operations = [
        migrations.AlterField("demographic", "value", models.CharField(max_length=200, null=True, blank=True))
    ]
