"""A lead chooses which demographics a release holds."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotation", "0020_masks_of_remarks")]
    operations = [migrations.AddField("releasejob", "demographics", models.JSONField(null=True, blank=True))]
