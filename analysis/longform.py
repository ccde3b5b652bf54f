"""People and models in one long form: one row for each answer that a rater or a model gave to a unit in a campaign.

Columns (``LONG_SCHEMA``)
    campaign    slug of the campaign, unique in its study
    instrument  of the campaign
    unit, attribute, prompt, pair   what was judged; prompt and pair are null where the instrument has none
    rater       a person's pseudonym, or a model's name
    kind        human | simulated | imported (people), model | baseline (machines)
    value       the answer as a category. Preference: the score as text, so that left and right drop out of agreement
    score       the answer as a number, on the scale of ``analysis.schema``
``(campaign, unit, rater)`` is unique, nothing is null but prompt and pair, rows are sorted by those three.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from analysis.release import Release, ReleaseError
from analysis.schema import PREFERENCE

LONG_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "instrument": pl.String,
        "unit": pl.String,
        "attribute": pl.String,
        "prompt": pl.String,
        "pair": pl.String,
        "rater": pl.String,
        "kind": pl.String,
        "value": pl.String,
        "score": pl.Float64,
    }
)
PEOPLE_KINDS = ("human", "simulated", "imported")
MODEL = "model"
BASELINE = "baseline"
BASELINE_BACKENDS = ("baselines", "bm25", "embedding", "all", "none")
IMPORTED_BECAUSE = ("imported",)


def long_form(release: Release, *, imported_because: Sequence[str] = IMPORTED_BECAUSE) -> pl.DataFrame:
    """Every answer that counts, of people and of models (module docstring).

    Raises ``ReleaseError`` when one name stands for a person and a model in the same campaign: their answers could not
    be told apart any more.
    """
    parts = (_taken(release, imported_because), _voted(release))
    frame = _ordered([part.collect(engine="streaming").match_to_schema(LONG_SCHEMA) for part in parts])
    clash = frame.group_by("campaign", "rater").agg(pl.col("kind").n_unique()).filter(pl.col("kind") > 1)
    if clash.height:
        campaign, rater, _ = clash.sort("campaign", "rater").row(0)
        raise ReleaseError(
            [f"campaign {campaign!r}: rater {rater!r} is both a person and a model; rename the model and release again"]
        )
    return frame


def judgment_long(release: Release, *, imported_because: Sequence[str] = IMPORTED_BECAUSE) -> pl.DataFrame:
    """The judgments that count, in the long form.

    Human and simulated campaigns: exactly those with ``counted``. Imported campaigns have no seats, so nothing in them
    is ever counted; there every judgment with ``not_counted_because`` in ``imported_because`` is taken. Erased values
    (null) never. Who answered one unit twice in a campaign (it stood in two items) enters with the first answer, by
    ``submitted_at`` then ``assignment``: the second was given by somebody who knew the unit.
    """
    taken = _taken(release, imported_because).collect(engine="streaming")
    return taken.sort("campaign", "unit", "rater").match_to_schema(LONG_SCHEMA)


def _taken(release: Release, imported_because: Sequence[str]) -> pl.LazyFrame:
    """``judgment_long`` in no order."""
    imported = pl.col("origin") == "imported"
    taken = pl.when(imported).then(pl.col("not_counted_because").is_in(imported_because)).otherwise(pl.col("counted"))
    answers = release.judgments.join(_campaign_names(release), on="campaign").filter(
        taken & pl.col("value").is_not_null()
    )
    return first_answers(answers).select(
        pl.col("slug").alias("campaign"),
        *("instrument", "unit", "attribute", "prompt", "pair", "rater"),
        pl.col("rater_kind").alias("kind"),
        _category(),
        "score",
    )


def _ordered(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """The rows of ``frames``, which are given up (the list is emptied), sorted by campaign, unit and rater.

    Column by column, by whole numbers: to sort millions of rows of text takes three times their memory.
    """
    whole = pl.concat(frames)
    frames.clear()
    place = pl.zeros(whole.height, dtype=pl.Int64, eager=True)
    for name in ("campaign", "unit", "rater"):
        names, code = names_and_codes(whole[name])
        place = place * len(names) + code.cast(pl.Int64)
    order = place.arg_sort()
    columns = whole.get_columns()
    del whole, place, code
    for number, column in enumerate(columns):
        if column.dtype == pl.String:  # each text is kept once, not once for each row of the file that it came from
            names, code = names_and_codes(column)
            columns[number] = names.gather(code.gather(order))
        else:
            columns[number] = column.gather(order)
    return pl.DataFrame(columns)


def names_and_codes(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The different texts of ``column``, sorted, and which of them each row has; null stays null."""
    names = column.drop_nulls().unique().sort()
    return names, column.cast(pl.Enum(names)).to_physical()


def first_answers(answers: pl.LazyFrame, *before: pl.Expr) -> pl.LazyFrame:
    """``answers`` without what a rater said of a unit again; in no order.

    Kept is the first by ``before`` (ascending), then ``submitted_at`` and ``assignment``. Only units answered twice are
    put in order: they are few, and to sort a million rows of text for them would take most of the memory of a report.
    """
    key = ["slug", "unit", "rater"]
    repeated = answers.group_by(key).len().filter(pl.col("len") > 1).select(key).collect(engine="streaming").lazy()
    first = (
        answers.join(repeated, on=key, how="semi")
        .sort(*before, "submitted_at", "assignment")
        .unique(key, keep="first", maintain_order=True)
    )
    return pl.concat([answers.join(repeated, on=key, how="anti"), first])


def vote_long(release: Release) -> pl.DataFrame:
    """The models' parsed votes on the units of each campaign's work items, in the long form.

    A vote belongs to every campaign that asks its unit with its instrument. One model may have voted in several runs:
    as long as no unit of the campaign has votes of two of them, the runs are shards of one rater, named as the model;
    otherwise each run is a rater of its own, ``model@run``. A preference that a run gave in both orders of the sides
    is one answer, the mean of the two scores. Unparseable votes are no answers: ``vote_outcomes`` counts them.
    """
    return _voted(release).sort("campaign", "unit", "rater").collect().match_to_schema(LONG_SCHEMA)


def _voted(release: Release) -> pl.LazyFrame:
    """``vote_long`` in no order."""
    return (
        named_votes(release)
        .group_by("campaign", "instrument", "unit", "attribute", "prompt", "pair", "rater", "kind")
        .agg(pl.col("value").sort_by("side").first(), pl.col("score").mean())
        .with_columns(_category())
        .select(LONG_SCHEMA.names())
    )


def named_votes(release: Release, *instruments: str) -> pl.LazyFrame:
    """The parsed rows of ``campaign_votes``, each order of the sides its own, ``rater`` named as in ``vote_long``; of
    ``instruments``, or of all where none is named.
    """
    several = pl.col("run").n_unique().over("campaign", "rater", "unit").max().over("campaign", "rater") > 1
    name = pl.when(several).then(pl.format("{}@{}", "rater", "run")).otherwise(pl.col("rater"))
    answered = (pl.col("status") == "answered") & pl.col("value").is_not_null()
    asked = pl.col("instrument").is_in(instruments) if instruments else pl.lit(True)
    return campaign_votes(release).filter(asked, answered).with_columns(name.alias("rater"))


def campaign_votes(release: Release) -> pl.LazyFrame:
    """``model_votes`` once for each campaign that asks the unit: ``campaign`` (slug) and ``kind`` are added."""
    backends = release.runs.select("run", "backend")
    kind = pl.when(pl.col("backend").is_in(BASELINE_BACKENDS)).then(pl.lit(BASELINE)).otherwise(pl.lit(MODEL))
    return (
        release.model_votes.join(campaign_units(release), on=["unit", "instrument"])
        .join(backends, on="run", how="left")
        .with_columns(kind.alias("kind"))
        .drop("backend")
    )


def with_material(long: pl.DataFrame, release: Release) -> pl.DataFrame:
    """``long`` with ``person``, whose attribute each unit is about, ``corpus``, what the person is of, and ``prompt``,
    the unit's own or its pair's; "" where the release does not say.

    The columns are categorical: one more of text is 60 MB at a million judgments and 1.6 million votes.
    """
    corpora = release.people.select("person", pl.col("corpus").cast(pl.Categorical))
    owners = release.attributes.select("attribute", "person").join(corpora, on="person", how="left")
    owned = owners.with_columns(pl.col("person").cast(pl.Categorical)).collect()
    asked = release.response_pairs.select("pair", pl.col("prompt").cast(pl.Categorical)).collect()
    # one column beside the others at a time: joined as a whole, all of them would be copied
    attribute = long.select("attribute")
    person, corpus = (
        attribute.join(owned.select("attribute", name), on="attribute", how="left", maintain_order="left")[name]
        for name in ("person", "corpus")
    )
    of_pair = long.select("pair").join(asked, on="pair", how="left", maintain_order="left")["prompt"]
    prompt = long["prompt"].cast(pl.Categorical).zip_with(long["prompt"].is_not_null(), of_pair)
    return long.with_columns(person.fill_null(""), corpus.fill_null(""), prompt.fill_null("").alias("prompt"))


def campaign_units(release: Release) -> pl.LazyFrame:
    """``campaign`` (slug), ``instrument``, ``unit``: what the work items of each campaign ask, each unit once."""
    asked = release.items.filter(pl.col("role") == "work").select(
        "campaign", pl.col("questions").list.eval(pl.element().struct.field("unit")).alias("unit")
    )
    names = _campaign_names(release, "instrument")
    return (
        asked.explode("unit", empty_as_null=False)
        .join(names, on="campaign")
        .select(pl.col("slug").alias("campaign"), "instrument", "unit")
        .unique()
    )


def vote_outcomes(release: Release) -> pl.DataFrame:
    """What became of every vote: ``campaign``, ``rater`` (the model), ``kind``, ``status``, ``n``, ``share``.

    ``share`` is of the model's votes in the campaign. Votes on units that no campaign asks stand under campaign "".
    """
    inside = campaign_votes(release).select("campaign", "rater", "kind", "status")
    outside = (
        release.model_votes.join(campaign_units(release), on=["unit", "instrument"], how="anti")
        .join(release.runs.select("run", "backend"), on="run", how="left")
        .select(
            pl.lit("").alias("campaign"),
            "rater",
            pl.when(pl.col("backend").is_in(BASELINE_BACKENDS))
            .then(pl.lit(BASELINE))
            .otherwise(pl.lit(MODEL))
            .alias("kind"),
            "status",
        )
    )
    total = pl.col("n").sum().over("campaign", "rater", "kind")
    return (
        pl.concat([inside, outside])
        .group_by("campaign", "rater", "kind", "status")
        .agg(pl.len().cast(pl.Int64).alias("n"))
        .with_columns((pl.col("n") / total).alias("share"))
        .sort("campaign", "rater", "kind", "status")
        .collect()
    )


def judgment_outcomes(release: Release, *, imported_because: Sequence[str] = IMPORTED_BECAUSE) -> pl.DataFrame:
    """What became of every judgment: ``campaign``, ``origin``, ``outcome``, ``n``.

    Outcomes: ``in the numbers`` (a row of ``judgment_long``), ``erased``, ``repeated`` (a second answer of the same
    rater to the unit), else the reason why it is not counted (gold, training, surplus, withdrawn ...).
    """
    imported = pl.col("origin") == "imported"
    reason = pl.col("not_counted_because")
    taken = pl.when(imported).then(reason.is_in(imported_because)).otherwise(pl.col("counted"))
    first = pl.int_range(pl.len()).over("slug", "unit", "rater", "_taken") == 0
    outcome = (
        pl.when(pl.col("value").is_null())
        .then(pl.lit("erased"))
        .when(~pl.col("_taken"))
        .then(pl.when(reason == "").then(pl.lit("not counted")).otherwise(reason))
        .when(first)
        .then(pl.lit("in the numbers"))
        .otherwise(pl.lit("repeated"))
    )
    return (
        release.judgments.join(_campaign_names(release), on="campaign")
        .with_columns((taken & pl.col("value").is_not_null()).alias("_taken"))
        .select(pl.col("slug").alias("campaign"), "origin", outcome.alias("outcome"))
        .group_by("campaign", "origin", "outcome")
        .agg(pl.len().cast(pl.Int64).alias("n"))
        .sort("campaign", "outcome")
        .collect()
    )


def _campaign_names(release: Release, *extra: str) -> pl.LazyFrame:
    return release.campaigns.select("campaign", "slug", "origin", *extra)


def _category() -> pl.Expr:
    """A preference's category is its score ("4", "3.5"), not the side it was given on; elsewhere the value itself."""
    as_text = pl.col("score").cast(pl.String).str.strip_suffix(".0")
    return pl.when(pl.col("instrument") == PREFERENCE).then(as_text).otherwise(pl.col("value")).alias("value")
