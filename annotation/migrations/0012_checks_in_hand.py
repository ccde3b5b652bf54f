"""The submit and claim of annotation/domain/handing_in.py again: checks as work; check items found by their role."""

from importlib import import_module

from django.db import migrations, models

# sha256 of the file that this was written for: d3503bb885b0e6486be31bd1c0757f197614fba82647e9cf63621287bfed33bc
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
