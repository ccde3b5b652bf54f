"""The submit and claim of annotation/domain/handing_in.py again: items by seats left, counters instead of counts."""

from importlib import import_module

from django.db import migrations

# sha256 of the file that this migration was written for:
# 6a8b629b81d13828cf4d79cd89a207fc0a5fda70270291277bcb470d8156cbec
make_function = import_module("annotation.migrations.0006_hand_in").make_function


class Migration(migrations.Migration):
    dependencies = [("annotation", "0009_claims")]
    operations = [migrations.RunPython(make_function, migrations.RunPython.noop)]
