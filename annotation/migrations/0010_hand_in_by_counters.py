"""The submit and claim of annotation/domain/handing_in.py again: items by seats left, counters instead of counts."""

from importlib import import_module

from django.db import migrations

# sha256 of the file that this migration was written for: fedf61ce6bddd3a97113f9a788c1aa78a53d982e83703fe708d4476276bf9d90
make_function = import_module("annotation.migrations.0006_hand_in").make_function


class Migration(migrations.Migration):
    dependencies = [("annotation", "0009_claims")]
    operations = [migrations.RunPython(make_function, migrations.RunPython.noop)]
