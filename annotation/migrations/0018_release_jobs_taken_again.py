from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0017_hand_in_with_masks"),
    ]

    operations = [
        migrations.AddField(
            model_name="releasejob",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=0),
        ),
    ]
