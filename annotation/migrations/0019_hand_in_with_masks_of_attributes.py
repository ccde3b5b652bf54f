"""The submit and claim of annotation/domain/handing_in.py again: the next page's questions with their attributes' masks."""

from importlib import import_module

from django.db import migrations

# sha256 of the file that this was written for: 1f67a97593f20de5aade59cf65fd8124f20f247dc07a37c6d917f60e3705ff11
make_function = import_module("annotation.migrations.0006_hand_in").make_function


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0018_release_jobs_taken_again"),
        ("pipeline", "0010_masks_of_attributes"),
    ]
    operations = [migrations.RunPython(make_function, migrations.RunPython.noop)]
