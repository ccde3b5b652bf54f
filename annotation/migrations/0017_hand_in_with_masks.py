"""The submit and claim of annotation/domain/handing_in.py again: the next page's prompt and responses with their masks."""

from importlib import import_module

from django.db import migrations

# sha256 of the file that this was written for: 12618a69af9d8737baf1ad1dac8435d036ecaef16200b8c0b71cba92137031a7
make_function = import_module("annotation.migrations.0006_hand_in").make_function


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0016_checks_in_a_ring"),
        ("pipeline", "0009_masks_of_prompts_and_responses"),
    ]
    operations = [migrations.RunPython(make_function, migrations.RunPython.noop)]
