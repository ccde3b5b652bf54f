"""The datasheet's questions that the release answers by itself, from its tables and its manifest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from annotation.domain.describing import Described
from annotation.enums import Origin
from annotation.releases.papers.facts import Corpus, Facts
from annotation.releases.plurals import counted, noun

EARLIER = ("conversations", "prompts", "responses")  # what releases that do not say were looked through
STAGES = {
    "filter": "filters conversations",
    "sample": "samples units",
    "import": "imports conversations",
    "mask": "masks personal data",
    "people": "draws people",
    "match": "matches prompts to people",
    "extract": "infers attributes",
    "merge": "merges attributes that say the same",
    "evidence": "finds each attribute's evidence",
    "verify": "verifies attributes against their evidence",
    "refine": "rewords attributes",
    "select": "selects the attributes that matter to a prompt",
    "respond": "answers prompts, generic and personalized",
    "judge": "judges pairs of responses",
    "mention": "finds open mentions of attributes",
    "why": "names how a rejected attribute fails",
    "label": "publishes the raters' consensus",
}


def known_answers(described: Described, facts: Facts, manifest: dict[str, Any]) -> dict[str, str]:
    """Markdown by question. A question that the description must answer first is missing while it does not."""
    return _of_description(described) | _of_composition(facts, manifest) | _of_collection(facts, manifest)


def _of_description(described: Described) -> dict[str, str]:
    answers = {}
    if described.authors:
        answers["creators"] = "\n".join(
            f"- {name_in_order(author.name)}"
            + (f", {author.affiliation}" if author.affiliation else "")
            + (f", ORCID {author.orcid}" if author.orcid else "")
            for author in described.authors
        )
    if described.licence:
        answers["licence"] = described.licence
    if described.contact:
        answers["contact"] = described.contact
    return answers


def _of_composition(facts: Facts, manifest: dict[str, Any]) -> dict[str, str]:
    rows = {table: entry["rows"] for table, entry in manifest["tables"].items()}
    return {
        "instances": "\n".join(f"- `{table}`: {counted(count, 'row')}" for table, count in rows.items()),
        "features": "Texts, and what models and raters said of them. README.md names every table and column.",
        "labels": f"Yes: {counted(rows.get('labels', 0), 'label')}, each with its method, from the judgments it rests "
        "on. Every single judgment is given too; nobody has to take the consensus.",
        "missing": missing_in_words(manifest),
        "relations": "Yes: rows name each other by public ids. `unit` is the same for raters and models.",
        "splits": "None. `role` tells work from checks; people and prompts are the clusters to split by.",
        "self_contained": "Yes. Nothing is fetched from elsewhere.",
        "subpopulations": _subpopulations(facts, manifest),
        "restrictions": _listed(map(_of_corpus, facts.corpora), "There is no corpus."),
    }


ALWAYS = {
    "revocation": "Yes, at any time and without a reason. What they answered then stops counting; with erasure, values "
    "and words go for good, every release that holds them is withdrawn, and a new version takes its place.",
    "software": "Yes: Fitting Room. The manifest names the tools, `runs` the version of the code of each run.",
    "erratum": "CHANGES.md names what changed against the version before. A version with an error is withdrawn.",
    "older": "A final version stays as it is. One that holds answers which were erased later is withdrawn: its files "
    "go, its manifest stays.",
}


def _of_collection(facts: Facts, manifest: dict[str, Any]) -> dict[str, str]:
    done = [f"`{stage}` {STAGES[stage]}: {', '.join(facts.models[stage])}" for stage in STAGES if stage in facts.models]
    forms = [
        f"version {row['version']}, {counted(row['minutes'], 'minute')}: `{row['consent_form']}`"
        for row in facts.consent_forms
    ]
    return ALWAYS | {
        "acquired": _listed(map(_of_corpus, facts.corpora), "There is no corpus."),
        "mechanisms": _listed([*manifest["notices"], *map(of_campaign, facts.campaigns)], "There is no campaign."),
        "sampling": f"People were drawn in {counted(facts.selections, 'run')}; `runs.outcome` holds each one's funnel."
        if facts.selections
        else "Nobody was drawn: all people of the corpora are in it.",
        "workers": workers_in_words(facts),
        "timeframe": f"Answers were given from {facts.first[:10]} to {facts.last[:10]} (UTC)."
        if facts.first and facts.last
        else "No answer was given on this platform.",
        "consent": _listed(forms, "No campaign of this study asked for consent on this platform."),
        "processing": _listed([*done, *_masks(manifest)], ""),
    }


def _listed(lines: Iterable[str], nothing: str) -> str:
    return "\n".join(f"- {line}" for line in lines) or nothing


def missing_in_words(manifest: dict[str, Any]) -> str:
    erased, counts = manifest["erased"], manifest["judgments"]
    not_counted = ", ".join(f"{count:,} {reason}" for reason, count in counts["not_counted"].items())
    return (
        f"Erased on their raters' wish: {counted(erased['judgments'], 'value')} of judgments and "
        f"{counted(erased['remarks'], 'remark')}; the rows stay, the values are null. "
        f"{counts['counted']:,} {noun(counts['counted'], 'judgment counts', 'judgments count')}"
        + (f"; kept and not counted: {not_counted}." if not_counted else ".")
        + " Values of demographics that would, alone or with others, single out too few raters are null."
    )


def workers_in_words(facts: Facts) -> str:
    lines = [
        f"- {kind} raters{f' ({group})' if group else ''}: {counted(count, 'participation')}"
        for (kind, group), count in sorted(facts.groups.items())
    ]
    lines += [f"- told to expect {counted(row['minutes'], 'minute')}; pay: {row['pay']}" for row in facts.consent_forms]
    return "\n".join(lines) or "Nobody took part yet."


def of_campaign(row: dict[str, Any]) -> str:
    raters = {Origin.SIMULATED: "SIMULATED raters (programs)", Origin.IMPORTED: "IMPORTED answers, collected elsewhere"}
    who = raters.get(row["origin"], "human raters")
    guideline = f"guideline `{row['guideline_sha256'][:12]}`"
    return f"{row['title'] or row['slug']}: {row['instrument']}, K = {row['k']}, {who}, {row['state']}; {guideline}"


def _subpopulations(facts: Facts, manifest: dict[str, Any]) -> str:
    languages = ", ".join(f"{name or 'not said'} {count:,}" for name, count in facts.languages[:10])
    settings, fields = manifest.get("settings", {}), ", ".join(facts.demographics)
    least, chosen = settings.get("min_cell"), settings.get("demographics") is not None
    return (
        f"Conversations by language: {languages or 'none'}. "
        + (f"Raters' {fields}, as they said, in `raters.demographics`" if fields else "Nothing is told of the raters")
        + (f"; what is said of a rater, all fields together, is said of {least} or more." if fields and least else ".")
        + (" Which fields it holds was chosen; others may have been collected." if chosen else "")
    )


def _of_corpus(corpus: Corpus) -> str:
    what = "SYNTHETIC conversations" if corpus.kind == "synthetic" else "conversations of people"
    said = [
        f"{corpus.title or corpus.slug}: {what}, {counted(corpus.people, 'person', 'people')}",
        " ".join(corpus.provenance.split()),
    ]
    said.append(f"Licence: {corpus.licence}" if corpus.licence else "No licence is named")
    return " ".join(f"{part.rstrip('.')}." for part in said if part)


def _masks(manifest: dict[str, Any]) -> list[str]:
    """What of the texts is covered; kinds of personal data with how many places."""
    if not manifest.get("settings", {}).get("masks"):
        return ["Texts are shown as they came: personal data in them is NOT covered."]
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in manifest.get("covered", {}).items())
    found = kinds or "none was found"
    tables = manifest["settings"].get("looked_through", EARLIER)
    return [f"Personal data that was found in {_in_words(tables)} is covered: {found}."]


def _in_words(tables: Sequence[str]) -> str:
    *most, last = tables
    return f"{', '.join(most)} and {last}"


def name_in_order(name: str) -> str:
    """Given Family, from "Family, Given"."""
    family, comma, given = name.partition(",")
    return f"{given.strip()} {family.strip()}" if comma else name.strip()
