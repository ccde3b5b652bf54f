"""The submit and claim of annotation/domain/handing_in.py again, with the rules of decision 006."""

from pathlib import Path

from django.db import migrations

# sha256 of the file that this migration was written for: 28491a9f8c80abffdfb4dda188940a10232987b955b185e078155b6455d9ec7e
SQL = Path(__file__).resolve().parents[1] / "domain" / "hand_in.sql"
# Whatever arguments it was made with before: another signature would be a second function.
DROP = """
DO $$
DECLARE made regprocedure;
BEGIN
    FOR made IN SELECT oid FROM pg_proc WHERE proname = 'annotation_hand_in' AND pronamespace = current_schema()::regnamespace
    LOOP
        EXECUTE 'DROP FUNCTION ' || made;
    END LOOP;
END
$$
"""


def make_function(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP, params=None)
        schema_editor.execute(SQL.read_text(), params=None)


class Migration(migrations.Migration):
    dependencies = [("annotation", "0005_recruiting_and_screening")]
    operations = [migrations.RunPython(make_function, migrations.RunPython.noop)]
