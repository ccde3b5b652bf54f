"""Checks as work, in a ring: places of their own, how many a rater was given as a counter, the submit and claim again."""

from importlib import import_module

from django.db import migrations, models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

# sha256 of the file that this was written for: 42503131de1119cc6b3df6e5f2d9cb3202a852a98b3a16f99eb3e64bc72d3782
make_function = import_module("annotation.migrations.0006_hand_in").make_function
DROP = "DROP FUNCTION IF EXISTS annotation_next_check(bigint, bigint, text)"  # it did not know how many were given
MIXED_IN = ["gold", "attention"]
BATCH = 1000


def spread(apps, schema_editor):
    """They had the places of the pages that they were copied from, which may lie side by side."""
    Item = apps.get_model("annotation", "Item")
    checks = list(Item.objects.filter(role__in=MIXED_IN).only("position"))
    for item in checks:
        item.sort_key = item.position * 618_033 % 1_000_000  # as screening/making.py
    Item.objects.bulk_update(checks, ["sort_key"], batch_size=BATCH)


def count(apps, schema_editor):
    Rater, Assignment = apps.get_model("annotation", "Rater"), apps.get_model("annotation", "Assignment")
    rows = Assignment.objects.filter(rater=OuterRef("pk"), item__role__in=MIXED_IN).order_by().values("rater")
    number = Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0)
    Rater.objects.exclude(kind="imported").update(n_checks=number)


def drop_function(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP, params=None)


class Migration(migrations.Migration):
    dependencies = [("annotation", "0015_release_jobs_finish_drafts")]
    operations = [
        migrations.AddField("rater", "n_checks", models.PositiveIntegerField(default=0)),
        migrations.AddIndex(
            "item",
            models.Index(
                condition=models.Q(
                    models.Q(("role", "gold"), ("role", "attention"), _connector="OR"), ("priority__gt", -1)
                ),
                fields=["campaign", "role", "sort_key", "id"],
                name="item_mixed_in",
            ),
        ),
        migrations.AddIndex(
            "question",
            models.Index(
                condition=models.Q(("role", "work"), _negated=True),
                fields=["campaign", "unit_key"],
                name="question_check_unit",
            ),
        ),
        migrations.RunPython(spread, migrations.RunPython.noop),
        migrations.RunPython(count, migrations.RunPython.noop),
        migrations.RunPython(drop_function, migrations.RunPython.noop),
        migrations.RunPython(make_function, migrations.RunPython.noop),
    ]
