"""Claims: open items by priority, seats left and place in the ring; what raters have done, as counters at their rows."""

from django.db import migrations, models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce


def count(apps, schema_editor):
    """Days begin at midnight UTC here: no campaign had a time zone of its own before."""
    Rater, Assignment = apps.get_model("annotation", "Rater"), apps.get_model("annotation", "Assignment")

    def number(**conditions):
        rows = Assignment.objects.filter(rater=OuterRef("pk"), **conditions).order_by().values("rater")
        return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0)

    last = Assignment.objects.filter(rater=OuterRef("pk"), submitted_at__isnull=False).order_by("-submitted_at")
    Rater.objects.exclude(kind="imported").update(
        n_given=number(item__role="work"),
        n_submitted=number(submitted_at__isnull=False),
        day=Subquery(last.values("submitted_at__date")[:1]),
    )
    Rater.objects.filter(day__isnull=False).update(n_day=number(submitted_at__date=OuterRef("day")))


class Migration(migrations.Migration):
    dependencies = [("annotation", "0008_payments_looked_up")]
    operations = [
        migrations.AddField("rater", "n_given", models.PositiveIntegerField(default=0)),
        migrations.AddField("rater", "n_submitted", models.PositiveIntegerField(default=0)),
        migrations.AddField("rater", "day", models.DateField(blank=True, null=True)),
        migrations.AddField("rater", "n_day", models.PositiveIntegerField(default=0)),
        migrations.RunPython(count, migrations.RunPython.noop),
        migrations.RemoveIndex("item", "item_open"),
        migrations.AddIndex(
            "item",
            models.Index(
                fields=["campaign", "-priority", "open_seats", "sort_key"],
                condition=Q(open_seats__gt=0),
                name="item_open",
            ),
        ),
    ]
