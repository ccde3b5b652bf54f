"""Personal data is looked for in what raters write in their own words, too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotation", "0019_hand_in_with_masks_of_attributes")]
    operations = [
        *(
            migrations.AddField(model, name, field)
            for model in ("remark", "closing")
            for name, field in (
                ("masks", models.JSONField(blank=True, default=list)),
                ("looked_with", models.TextField(blank=True, default="")),
            )
        ),
        migrations.AddIndex(
            "remark",
            models.Index(
                fields=["looked_with"], condition=models.Q(text__isnull=False), name="remark_looked_with"
            ),
        ),
    ]
