"""The submit and claim of annotation/domain/handing_in.py again: checks as work; check items found by their role."""

from importlib import import_module

from django.db import migrations, models

# sha256 of the file that this was written for: 53cc1b06d13259826e5488f9652e9716dd1077b9ded196e6f2d693b573d73249
make_function = import_module("annotation.migrations.0006_hand_in").make_function


class Migration(migrations.Migration):
    dependencies = [("annotation", "0011_releases_to_cite")]
    operations = [
        migrations.AddIndex(
            "item",
            models.Index(
                fields=["campaign", "role"],
                condition=models.Q(role__in=["training", "qualification", "gold", "attention"]),
                name="item_check",
            ),
        ),
        migrations.RunPython(make_function, migrations.RunPython.noop),
    ]
