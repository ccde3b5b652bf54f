"""The submit and claim of annotation/domain/handing_in.py as a function of PostgreSQL."""

from pathlib import Path

from django.db import migrations

# sha256 of the file that this migration was written for: 0dac9372a2a0ceb313c0db655b1fbb61bbbcd348cb22d4a23be323f4eae73daa
SQL = Path(__file__).resolve().parents[1] / "domain" / "hand_in.sql"


def make_function(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(SQL.read_text(), params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0003_one_participant_per_login"),
        ("pipeline", "0002_the_words"),
        ("studies", "0001_the_words"),
    ]
    operations = [migrations.RunPython(make_function, migrations.RunPython.noop)]
