"""Counts the turns of conversations that were imported before the column was there."""

from django.db import migrations

CHUNK = 500


def count_turns(apps, schema_editor):
    Conversation = apps.get_model("pipeline", "Conversation")
    last = 0
    while rows := list(Conversation.objects.filter(pk__gt=last, n_turns=0).order_by("pk").only("pk", "turns")[:CHUNK]):
        for row in rows:
            row.n_turns = len(row.turns)
        Conversation.objects.bulk_update(rows, ["n_turns"])
        last = rows[-1].pk


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0005_masks_people_findings_plans")]
    operations = [migrations.RunPython(count_turns, migrations.RunPython.noop)]
