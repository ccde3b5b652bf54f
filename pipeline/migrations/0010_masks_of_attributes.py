"""Personal data is covered in attributes, too: in what they state and in the reasons that models gave for it."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0009_masks_of_prompts_and_responses")]
    operations = [
        migrations.AddField(
            "mask",
            "attribute",
            models.ForeignKey(
                "pipeline.attribute",
                null=True,
                blank=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="masks",
            ),
        ),
        migrations.AddConstraint(
            "mask",
            models.UniqueConstraint(
                fields=["run", "attribute", "turn", "start", "end"],
                condition=Q(attribute__isnull=False),
                name="mask_of_attribute_once_per_run",
            ),
        ),
        migrations.RemoveConstraint("mask", "mask_of_one_text"),
        migrations.AddConstraint(
            "mask",
            models.CheckConstraint(
                condition=Q(
                    conversation__isnull=False, prompt__isnull=True, response__isnull=True, attribute__isnull=True
                )
                | Q(
                    conversation__isnull=True,
                    prompt__isnull=False,
                    response__isnull=True,
                    attribute__isnull=True,
                    turn=0,
                )
                | Q(
                    conversation__isnull=True,
                    prompt__isnull=True,
                    response__isnull=False,
                    attribute__isnull=True,
                    turn=0,
                )
                | Q(
                    conversation__isnull=True,
                    prompt__isnull=True,
                    response__isnull=True,
                    attribute__isnull=False,
                    turn__lte=1,
                ),
                name="mask_of_one_text",
            ),
        ),
    ]
