"""The submit and claim of annotation/domain/handing_in.py again: items by seats left, counters instead of counts."""

from importlib import import_module

from django.db import migrations

# sha256 of the file that this migration was written for: 2f1edd5076fa670e5caff3942a5202efa358ff5f7d82ea4b0ee7efb153c5bb77
# 6a8b629b81d13828cf4d79cd89a207fc0a5fda70270291277bcb470d8156cbec
make_function = import_module("annotation.migrations.0006_hand_in").make_function


class Migration(migrations.Migration):
    dependencies = [("annotation", "0009_claims")]
    operations = [migrations.RunPython(make_function, migrations.RunPython.noop)]
