"""Historic answers as judgments: raters without login, pages without seats, in closed campaigns of origin imported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from annotation.domain.building import ensure_guideline
from annotation.domain.joining import import_rater
from annotation.enums import AssignmentState, CampaignState, Origin, RemarkKind
from annotation.models import Assignment, Campaign, Item, ItemPerson, Judgment, Question, Rater, Remark, Revision
from pipeline.domain.importing import Importer
from pipeline.domain.importing_attributes import AttributeFinder
from pipeline.enums import InstrumentName
from pipeline.models import Attribute, Person, Prompt
from pipeline.sources.base import Located
from pipeline.sources.records import JudgedAttribute, PageAnswersRecord, PageRecord
from pipeline.units import unit_key

GUIDELINE = "The wording that these raters read is not part of the imported files.\n"
PageEntry = Located[PageRecord] | Located[PageAnswersRecord]
K_UNKNOWN = 1  # nothing counts in an imported campaign, so K never matters


@dataclass
class Page:
    item: Item
    questions: dict[int, Question]  # by attribute


class Pages:
    """The pages of some imported campaigns, found or made; a page grows by the questions that records name."""

    def __init__(self, importer: Importer, records: Iterable[PageRecord | PageAnswersRecord]) -> None:
        records = list(records)
        self._importer = importer
        self.people = importer.people(record.person for record in records)
        self.prompts = importer.prompts(record.prompt for record in records if record.prompt)
        self.finder = AttributeFinder(importer, self.people, {(r.person.corpus, r.attributes) for r in records})
        self.campaigns = {
            slug: _campaign(importer, slug, with_prompt)
            for slug, with_prompt in {(record.campaign, record.prompt is not None) for record in records}
        }
        items = Item.objects.filter(
            campaign__in=self.campaigns.values(), position__in={record.index for record in records}
        )
        self._pages = {(item.campaign_id, item.position): Page(item, {}) for item in items}
        by_item = {page.item.pk: page for page in self._pages.values()}
        for question in Question.objects.filter(item__in=items):
            by_item[question.item_id].questions[question.attribute_id] = question

    def page(self, entry: PageEntry, attributes: Sequence[Attribute]) -> Page | None:
        """The page of the record with a question for each attribute. None, and a Problem, where another page stands."""
        record = entry.record
        campaign, person = self.campaigns[record.campaign], self.people[record.person]
        prompt = self.prompts[record.prompt] if record.prompt else None
        page = self._pages.get((campaign.pk, record.index))
        if page is None:
            page = self._pages[campaign.pk, record.index] = Page(_make_item(campaign, record.index, prompt, person), {})
            self._importer.report.count("pages of historic answers", 1)
        elif (
            page.item.prompt_id != (prompt and prompt.pk)
            or not ItemPerson.objects.filter(item=page.item, person=person).exists()
        ):
            what = f"page {record.index} of {campaign.slug} stands already for another person or prompt"
            self._importer.problem(entry.at, "index", what, "give it an index of its own", record.index)
            return None
        self._ask(campaign, page, prompt, [row for row in attributes if row.pk not in page.questions])
        return page

    def _ask(self, campaign: Campaign, page: Page, prompt: Prompt | None, attributes: Sequence[Attribute]) -> None:
        first = len(page.questions)
        rows = [
            Question(
                item=page.item,
                campaign=campaign,
                role=page.item.role,
                position=first + i,
                instrument=campaign.instrument,
                attribute=attribute,
                prompt=prompt,
                unit_key=unit_key(campaign.instrument, attribute, prompt),
                text=attribute.text or "",
            )
            for i, attribute in enumerate(attributes)
        ]
        page.questions |= {row.attribute_id: row for row in Question.objects.bulk_create(rows)}


def _campaign(importer: Importer, slug: str, with_prompt: bool) -> Campaign:
    instrument = InstrumentName.RELEVANCE if with_prompt else InstrumentName.ATTRIBUTE_QUALITY
    campaign, _ = Campaign.objects.get_or_create(
        study=importer.study,
        slug=slug,
        defaults={
            "guideline": ensure_guideline(study=importer.study, instrument=instrument, text=GUIDELINE),
            "title": f"{slug.replace('-', ' ').capitalize()} (imported)",
            "instrument": instrument,
            "origin": Origin.IMPORTED,
            "state": CampaignState.CLOSED,
            "k": K_UNKNOWN,
            "parameters": {"source": importer.source},
        },
    )
    return campaign


def _make_item(campaign: Campaign, index: int, prompt: Prompt | None, person: Person) -> Item:
    item = Item.objects.create(campaign=campaign, position=index, sort_key=index, prompt=prompt)
    ItemPerson.objects.create(item=item, person=person)
    return item


def write_pages(importer: Importer, entries: Sequence[Located[PageRecord]]) -> None:
    """Pages whose answers may be unknown: votes about their units then stand beside the campaign's others."""
    pages = Pages(importer, (entry.record for entry in entries))
    for entry in entries:
        record = entry.record
        if record.prompt and record.prompt not in pages.prompts:
            importer.prompt_missing(entry.at, record.prompt)
            continue
        attributes = pages.finder.by_texts(entry.at, record.person, record.attributes, record.texts)
        if attributes is not None:
            pages.page(entry, attributes)


def write_answers(importer: Importer, entries: Sequence[Located[PageAnswersRecord]]) -> None:
    """One submitted assignment without a seat per (page, rater), with its judgments and remarks."""
    pages = Pages(importer, (entry.record for entry in entries))
    raters = _raters(pages, entries)
    standing = _standing(raters.values())
    for entry in entries:
        record = entry.record
        if record.prompt and record.prompt not in pages.prompts:
            importer.prompt_missing(entry.at, record.prompt)
            continue
        attributes = _attributes_of(pages, entry)
        page = pages.page(entry, attributes) if attributes is not None else None
        if page is None or attributes is None:
            continue
        questions = [page.questions[attribute.pk] for attribute in attributes]
        rater = raters[record.campaign, record.rater]
        said = {q.pk: judged.value for q, judged in zip(questions, record.judged, strict=True) if judged.value}
        before = standing.setdefault((page.item.pk, rater.pk), {})
        if not before:
            before.update(said)
            _write_answers(importer, record, page, rater, questions)
        elif before != said:
            what = f"{record.rater} answered page {record.index} of {record.campaign} otherwise before"
            importer.problem(entry.at, "index", what, "keep one of the two records", record.index)
        else:
            importer.report.count("judgments", 0, len(said))


def _attributes_of(pages: Pages, entry: Located[PageAnswersRecord]) -> list[Attribute] | None:
    record = entry.record
    texts = [judged.text for judged in record.judged if judged.text is not None]
    if not texts:
        return pages.finder.by_positions(record.person, record.attributes, len(record.judged))
    return pages.finder.by_texts(entry.at, record.person, record.attributes, texts)


def _raters(pages: Pages, entries: Sequence[Located[PageAnswersRecord]]) -> dict[tuple[str, str], Rater]:
    """The raters named, who joined with their first answer."""
    first: dict[tuple[str, str], tuple[datetime, str]] = {}
    for entry in entries:
        record = entry.record
        key = record.campaign, record.rater
        first[key] = min(first.get(key, (record.submitted_at, record.group)), (record.submitted_at, record.group))
    raters = {}
    for (slug, source_id), (joined_at, group) in first.items():
        rater = import_rater(campaign=pages.campaigns[slug], source_id=source_id, group=group)
        Rater.objects.filter(pk=rater.pk, joined_at__gt=joined_at).update(joined_at=joined_at)
        raters[slug, source_id] = rater
    return raters


def _standing(raters: Iterable[Rater]) -> dict[tuple[int, int], dict[int, str | None]]:
    """Answers by (item, rater) and question, erased ones included."""
    found: dict[tuple[int, int], dict[int, str | None]] = defaultdict(dict)
    rows = Judgment.objects.filter(rater__in=list(raters)).values_list("question__item", "rater", "question", "value")
    for item, rater, question, value in rows:
        found[item, rater][question] = value
    return dict(found)


def _write_answers(
    importer: Importer, record: PageAnswersRecord, page: Page, rater: Rater, questions: Sequence[Question]
) -> None:
    assignment = Assignment.objects.create(
        campaign_id=rater.campaign_id,
        item=page.item,
        rater=rater,
        state=AssignmentState.SUBMITTED,
        order=[question.position for question in questions],
        submitted_at=record.submitted_at,
        ended_at=record.submitted_at,
    )
    judgments = Judgment.objects.bulk_create(
        Judgment(
            question=question,
            rater=rater,
            assignment=assignment,
            instrument=question.instrument,
            value=judged.value,
            made_at=record.submitted_at,
        )
        for question, judged in zip(questions, record.judged, strict=True)
        if judged.value is not None
    )
    Revision.objects.bulk_create(
        Revision(judgment=row, number=1, value=row.value, made_at=row.made_at) for row in judgments
    )
    remarks = _remarks(record, assignment, zip(questions, record.judged, strict=True))
    Remark.objects.bulk_create(remarks)
    importer.report.count("judgments", len(judgments))
    importer.report.count("remarks", len(remarks))


def _remarks(
    record: PageAnswersRecord, assignment: Assignment, judged: Iterable[tuple[Question, JudgedAttribute]]
) -> list[Remark]:
    said: list[tuple[str, str, Question | None]] = []
    if record.note:
        said.append((RemarkKind.NOTE, record.note, None))
    said += [(RemarkKind.NOTE, answer.note, question) for question, answer in judged if answer.note]
    if record.missing:
        said.append((RemarkKind.MISSING_ATTRIBUTE, record.missing, None))
    if record.flagged:
        said.append((RemarkKind.FLAG, "", None))
    return [
        Remark(
            assignment=assignment,
            question=question,
            kind=kind,
            position=sum(earlier[0] == kind for earlier in said[:i]),
            text=text,
            made_at=record.submitted_at,
        )
        for i, (kind, text, question) in enumerate(said)
    ]
