"""Signals of large campaigns are kept; the few answers that were erased are found without reading the others."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotation", "0021_chosen_demographics")]
    operations = [
        migrations.AddIndex(
            "judgment",
            models.Index(fields=["rater"], condition=models.Q(erased_at__isnull=False), name="judgment_erased"),
        ),
        migrations.CreateModel(
            "SignalRollup",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("figures", models.JSONField(default=list)),
                ("made_at", models.DateTimeField()),
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signal_rollup",
                        to="annotation.campaign",
                    ),
                ),
            ],
        ),
    ]
