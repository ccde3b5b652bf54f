"""A rater's place at the recruiter as a gate; when the recruiter may be asked again."""

import django.db.models.deletion
from django.db import migrations, models

GATES = [
    ("", "Works"),
    ("place", "Place at the recruiter gone"),
    ("consent", "Study information and consent"),
    ("quiz", "Comprehension quiz"),
    ("training", "Training"),
    ("qualification", "Qualification"),
    ("ended", "Ended"),
]


class Migration(migrations.Migration):
    dependencies = [("annotation", "0013_suppressed_demographics")]
    operations = [
        migrations.CreateModel(
            name="LaunchAsked",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("participant_hash", models.CharField(max_length=64)),
                ("asked_at", models.DateTimeField()),
                (
                    "recruitment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="launches_asked",
                        to="annotation.recruitment",
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["recruitment", "asked_at"], name="launch_asked_when")]},
        ),
        migrations.AddField("recruitment", "poll_after", models.DateTimeField(blank=True, null=True)),
        migrations.RemoveConstraint("rater", "rater_gate_known"),
        migrations.AlterField("rater", "gate", models.CharField(blank=True, choices=GATES, default="", max_length=16)),
        migrations.AddConstraint(
            "rater",
            models.CheckConstraint(condition=models.Q(gate__in=[value for value, _ in GATES]), name="rater_gate_known"),
        ),
    ]
