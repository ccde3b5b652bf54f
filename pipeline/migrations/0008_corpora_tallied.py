"""What a corpus holds stands with it, once something comes into it; until then its page counts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0007_cost_by_index")]
    operations = [
        migrations.AddField("corpus", "tally", models.JSONField(blank=True, editable=False, null=True)),
    ]
