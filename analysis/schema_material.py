"""Tables of what came in and what machines made of it. Rules: ``analysis.schema``."""

from __future__ import annotations

import polars as pl

from analysis.schema_columns import UNIT, Table, bool_, float_, int_, list_, text_

_TURN = pl.Struct({"role": pl.String, "content": pl.String})
_EVIDENCE = pl.Struct({"conversation": pl.String, "turn": pl.Int64, "start": pl.Int64, "end": pl.Int64})

MATERIAL = (
    Table(
        "people",
        (
            text_("person"),
            text_("corpus"),  # slug of the corpus
            text_("corpus_title"),
            text_("corpus_kind"),  # human | synthetic
            text_("corpus_format"),  # the source that read it: study, wildchat ...
            text_("licence"),
            text_("provenance"),
            list_("selected_by"),  # people runs that drew the person; their funnel stands in runs.outcome
        ),
        ("person",),
    ),
    Table(
        "conversations",
        (
            text_("conversation"),
            text_("person"),
            text_("run"),  # the import that brought it in
            int_("position"),  # order among the person's conversations in the source, from 0
            text_("language"),  # "" where the source does not say
            text_("model"),  # the assistant's model, "" where the source does not say
            text_("started_at", True),
            bool_("toxic", True),  # as the source marks it; null where it does not say
            bool_("redacted", True),
            list_("turns", _TURN),
        ),
        ("conversation",),
    ),
    Table(
        "attributes",
        (
            text_("attribute"),
            text_("person"),
            text_("run"),
            int_("position"),  # order within (run, person)
            text_("text", True),  # null: the source does not give the text
            text_("reason"),
            float_("confidence", True),  # 0-1 as the model reported it; null where unknown
            list_("made_from"),  # attributes that it was merged or refined from
            list_("evidence", _EVIDENCE),  # turn from 0; start, end: code points of the turn, null = whole turn
        ),
        ("attribute",),
    ),
    Table(
        "prompts",
        (text_("prompt"), text_("source"), text_("text"), list_("people")),
        ("prompt",),
    ),
    Table(
        "responses",
        (
            text_("response"),
            text_("run"),
            text_("prompt"),
            text_("person", True),  # null: generic, shared by all people of the prompt
            text_("generator"),  # the model's name
            text_("condition"),  # generic | personalized
            int_("position"),  # tells several answers to the same request apart
            text_("text"),
            list_("given"),  # attributes that the generator was given
        ),
        ("response",),
    ),
    Table(
        "response_pairs",
        (
            text_("pair"),
            text_("person"),
            text_("prompt"),
            text_("generator"),
            text_("generic"),
            text_("personalized"),
        ),
        ("pair",),
    ),
    Table(
        "model_votes",
        (
            *UNIT,
            text_("run"),
            text_("rater"),  # the model's name
            text_("status"),  # answered | unparseable
            text_("value", True),  # null exactly when unparseable
            float_("score", True),
            float_("raw_score", True),  # a baseline's own number (BM25, similarity), a model's probability
            text_("side"),  # where the personalized response stood in the request, "" for other instruments
            text_("reason"),  # why unparseable, or the model's own explanation
        ),
        ("unit", "run", "side"),
    ),
    Table(
        "findings",
        (
            *UNIT,  # mention: of preference; failure: of attribute_quality
            text_("run"),
            text_("rater"),  # the model's name
            text_("kind"),  # mention: is the attribute openly mentioned; failure: how a rejected attribute fails
            text_("status"),  # answered | unparseable
            text_("value", True),  # of MENTIONS or FAILURES; null exactly when unparseable
            text_("reason"),  # why unparseable, or the model's own explanation
        ),
        ("unit", "kind", "run"),
    ),
    Table(
        "labels",
        (
            *UNIT,
            text_("run"),
            text_("campaign"),
            text_("method"),  # majority ...
            text_("value", True),  # null: no decision (a tie)
            float_("score", True),  # null for preference pairs without a decision
            int_("n"),  # judgments it rests on
            float_("share"),  # share of them that gave ``value``; for a tie, of the largest
        ),
        ("unit", "run"),
    ),
    Table(
        "runs",
        (
            text_("run"),
            text_("stage"),  # import, people, extract, merge, select, respond, judge, label ...
            text_("backend"),
            text_("model"),
            text_("model_revision"),
            text_("parameters"),  # canonical JSON
            text_("outcome"),  # canonical JSON: figures it ended with, a people run's funnel among them
            text_("template_sha256"),
            text_("code_version"),
            text_("state"),
            int_("n_units"),
            int_("n_done"),
            int_("n_failed"),
            list_("inputs"),  # runs whose material it read
            text_("created_at"),
            text_("started_at", True),
            text_("finished_at", True),
        ),
        ("run",),
    ),
)
