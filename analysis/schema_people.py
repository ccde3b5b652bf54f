"""Tables of what was asked of people, who they are, and what they answered. Rules: ``analysis.schema``."""

from __future__ import annotations

import polars as pl

from analysis.schema_columns import UNIT, Table, bool_, float_, int_, list_, text_

_QUESTION = pl.Struct({"position": pl.Int64, "unit": pl.String, "attribute": pl.String, "text": pl.String})
_SEAT = pl.Struct({"number": pl.Int64, "side": pl.String})
_DEMOGRAPHIC = pl.Struct({"field": pl.String, "value": pl.String})
_REVISION = pl.Struct({"number": pl.Int64, "value": pl.String, "reason": pl.String, "made_at": pl.String})

PEOPLE = (
    Table(
        "campaigns",
        (
            text_("campaign"),
            text_("slug"),
            text_("title"),
            text_("instrument"),
            text_("origin"),  # human | simulated | imported
            text_("state"),
            int_("k"),
            int_("questions_per_item"),
            int_("lease_seconds"),
            text_("seed"),
            text_("guideline"),
            text_("guideline_sha256"),
            text_("consent_form", True),  # that raters are shown now; null: none
            text_("parameters"),  # canonical JSON: what it was built from
            text_("created_at"),
        ),
        ("campaign",),
    ),
    Table(
        "consent_forms",
        (
            text_("consent_form"),  # sha256 of the wording: of all the columns to ``statement`` but version
            int_("version"),  # of the study's forms, from 1
            int_("minutes"),  # how long taking part is expected to last
            text_("pay"),
            text_("contact"),
            text_("warning"),  # of the content, "" if none
            text_("information"),  # Markdown
            text_("statement"),  # what is agreed to, Markdown
            text_("created_at"),
        ),
        ("consent_form",),
    ),
    Table(
        "items",
        (
            text_("item"),
            text_("campaign"),
            text_("role"),  # work | gold | training | qualification | attention
            int_("position"),
            int_("sort_key"),  # seeded: its place in the ring in which items are handed out
            int_("priority"),
            text_("prompt", True),
            text_("pair", True),
            list_("people"),
            list_("questions", _QUESTION),
            list_("seats", _SEAT),  # side: where the personalized response stands, "" for other instruments
        ),
        ("item",),
    ),
    Table(
        "raters",
        (
            text_("rater"),
            text_("campaign"),
            text_("person", True),  # set where the rater is the very person whose attributes are judged
            text_("kind"),  # human | simulated | imported
            text_("group"),  # crowd, team ...; "" if none
            text_("state"),  # active | withdrawn | excluded
            text_("joined_at"),
            text_("outcome"),  # how their part ended: completed | screened_out | failed_attention ...; "" if it has not
            text_("outcome_at", True),
            list_("demographics", _DEMOGRAPHIC),  # by field; value null: not shown
        ),
        ("campaign", "rater"),
    ),
    Table(
        "consents",
        (
            text_("campaign"),
            text_("rater"),
            text_("consent_form"),
            bool_("agreed"),
            text_("answered_at"),
            text_("withdrawn_at", True),
        ),
        ("campaign", "rater", "consent_form"),
    ),
    Table(
        "exclusions",
        (
            text_("campaign"),
            text_("rater"),
            text_("kind"),  # withdrawn: left of their own accord | excluded: by the researchers
            text_("reason"),  # as the researcher gave it; "" where none is known, or the rater had their traces erased
            text_("at", True),  # null: not known
            text_("undone_at", True),  # when an excluded rater was let in again
        ),
        ("campaign", "rater", "at"),
    ),
    Table(  # every tenure of a seat that has ended; what is still held is left out, as drafts are
        "assignments",
        (
            text_("assignment"),
            text_("campaign"),
            text_("item"),
            text_("rater"),
            int_("seat", True),  # seat number; null for imported answers and items that are not work
            text_("side"),
            text_("state"),  # submitted | surplus | withdrawn | expired | returned
            list_("order", pl.Int64),  # the questions' positions in the order in which the page showed them
            text_("claimed_at", True),
            text_("submitted_at", True),
            text_("ended_at", True),
            float_("seconds", True),  # active seconds on the page, as the browser reported them; null unknown
        ),
        ("assignment",),
    ),
    Table(
        "judgments",
        (
            *UNIT,
            text_("campaign"),
            text_("item"),
            text_("assignment"),
            text_("rater"),  # pseudonym, see raters
            text_("rater_kind"),  # human | simulated | imported
            text_("value", True),
            float_("score", True),
            text_("reason"),  # why an attribute was rejected, "" if not asked or not given
            text_("side"),  # where the personalized response stood: left | right, "" for other instruments
            int_("shown_at"),  # place of the question on the rater's page, from 0
            text_("role"),  # of the item
            int_("seat", True),  # seat number; null for imported answers and items that are not work
            text_("assignment_state"),  # submitted | surplus | withdrawn ...
            bool_("counted"),
            text_("not_counted_because"),  # "" | a role but work | imported | surplus | withdrawn
            text_("claimed_at", True),
            text_("submitted_at"),
            float_("seconds", True),  # active seconds on the page, as the browser reported them; null unknown
            text_("made_at"),  # as the judgment has it; each value's own time stands in revisions
            list_("revisions", _REVISION),  # every value it ever had, the first included
            text_("erased_at", True),
        ),
        ("unit", "campaign", "rater", "assignment"),
    ),
    Table(
        "remarks",
        (
            text_("campaign"),
            text_("item"),
            text_("assignment"),
            text_("rater"),
            text_("kind"),  # note | missing_attribute | flag
            int_("position"),
            text_("unit", True),
            text_("text", True),  # null: erased
            text_("made_at"),
            text_("erased_at", True),
        ),
        ("assignment", "kind", "position"),
    ),
    Table(
        "closings",
        (
            text_("campaign"),
            text_("rater"),
            text_(
                "could_tell", True
            ),  # which response was personalized: never | sometimes | often | always; null: erased
            text_("how", True),  # in the rater's words; null: erased
            text_("made_at"),
            text_("erased_at", True),
        ),
        ("campaign", "rater"),
    ),
)
