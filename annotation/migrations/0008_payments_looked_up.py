from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("annotation", "0007_remarks_read"),
    ]

    operations = [
        migrations.AddField(
            model_name="payment",
            name="bonuses_before",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="due_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="reference",
            field=models.CharField(blank=True, max_length=64),
        ),
    ]
