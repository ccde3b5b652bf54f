"""Personal data is covered in prompts and responses, too."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


def text_of(model):
    return models.ForeignKey(
        model, null=True, blank=True, on_delete=django.db.models.deletion.CASCADE, related_name="masks"
    )


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0008_corpora_tallied")]
    operations = [
        migrations.AddField("mask", "prompt", text_of("pipeline.prompt")),
        migrations.AddField("mask", "response", text_of("pipeline.response")),
        migrations.AlterField("mask", "conversation", text_of("pipeline.conversation")),
        migrations.AlterField("mask", "turn", models.PositiveIntegerField(default=0)),
        migrations.AddConstraint(
            "mask",
            models.UniqueConstraint(
                fields=["run", "prompt", "start", "end"],
                condition=Q(prompt__isnull=False),
                name="mask_of_prompt_once_per_run",
            ),
        ),
        migrations.AddConstraint(
            "mask",
            models.UniqueConstraint(
                fields=["run", "response", "start", "end"],
                condition=Q(response__isnull=False),
                name="mask_of_response_once_per_run",
            ),
        ),
        migrations.AddConstraint(
            "mask",
            models.CheckConstraint(
                condition=Q(conversation__isnull=False, prompt__isnull=True, response__isnull=True)
                | Q(conversation__isnull=True, prompt__isnull=False, response__isnull=True, turn=0)
                | Q(conversation__isnull=True, prompt__isnull=True, response__isnull=False, turn=0),
                name="mask_of_one_text",
            ),
        ),
    ]
