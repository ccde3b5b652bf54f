"""What comes in: corpora, the people in them, their conversations, and the prompts put to them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from pipeline.enums import CorpusKind, MaskKind
from studies.models import Study
from studies.tokens import new_token


class Corpus(models.Model):
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="corpora")
    slug = models.SlugField(max_length=64)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=CorpusKind.choices)
    source_format = models.CharField(max_length=32)
    licence = models.CharField(max_length=200, blank=True)
    provenance = models.TextField(blank=True)
    # What it holds, kept by the imports that bring it (pipeline.domain.tallies); null: nobody has counted.
    tally = models.JSONField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "corpora"
        constraints = [
            models.UniqueConstraint(fields=["study", "slug"], name="corpus_slug_once_per_study"),
            models.CheckConstraint(condition=Q(kind__in=CorpusKind.values), name="corpus_kind_known"),
        ]

    def __str__(self) -> str:
        return self.title


class Person(models.Model):
    """Whose conversations they are: a pseudonym, unique in its corpus (the same source id may stand in two)."""

    corpus = models.ForeignKey(Corpus, on_delete=models.PROTECT, related_name="people")
    public_id = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    source_id = models.CharField(max_length=200)

    class Meta:
        verbose_name_plural = "people"
        constraints = [models.UniqueConstraint(fields=["corpus", "source_id"], name="person_once_per_corpus")]

    def __str__(self) -> str:
        return self.source_id


class Conversation(models.Model):
    """A chat. ``turns`` is a list of {role, content} in source order; a turn is named by its position, from 0.

    Turns are never changed after import: evidence offsets count code points of these very strings.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="conversations")
    run = models.ForeignKey("pipeline.Run", on_delete=models.PROTECT, related_name="conversations")
    public_id = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    source_id = models.CharField(max_length=200)
    position = models.PositiveIntegerField()
    turns = models.JSONField()
    n_turns = models.PositiveIntegerField()  # length of turns, counted at import
    toxic = models.BooleanField(null=True, blank=True)  # as the source marks it; null: it does not say
    redacted = models.BooleanField(null=True, blank=True)
    language = models.CharField(max_length=32, blank=True)
    model_name = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "source_id"], name="conversation_once_per_person")]
        indexes = [models.Index(fields=["person", "position"], name="conversation_in_order")]

    def __str__(self) -> str:
        return self.source_id


class Prompt(models.Model):
    """A new request that attributes may or may not matter to. Its text is no key: two sources may share it."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="prompts")
    public_id = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    source = models.CharField(max_length=64)
    source_id = models.CharField(max_length=200)
    text = models.TextField()
    people: models.ManyToManyField[Person, PersonPrompt] = models.ManyToManyField(
        Person, through="PersonPrompt", related_name="prompts"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "source", "source_id"], name="prompt_once_per_source"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.source_id}"


class PersonPrompt(models.Model):
    """This prompt is put to this person: as the source has it, or as a match run drew it."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT)
    run = models.ForeignKey("pipeline.Run", on_delete=models.PROTECT, null=True, blank=True, related_name="matches")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "prompt"], name="person_prompt_once")]

    def __str__(self) -> str:
        return f"{self.person} gets {self.prompt}"


STATEMENT, REASON = 0, 1  # the texts of an attribute, as Mask.turn names them
MASKED = ("conversation", "prompt", "response", "attribute")


def _masked(text: str, **turn: int) -> Q:
    """It is of this text alone."""
    return Q(**{f"{name}__isnull": name != text for name in MASKED}, **turn)


class Mask(models.Model):
    """Personal data found in a turn, a prompt, a response or an attribute: code points ``start`` to ``end``, covered
    when shown; the text stays as it was."""

    run = models.ForeignKey("pipeline.Run", on_delete=models.CASCADE, related_name="masks")
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, null=True, blank=True, related_name="masks"
    )
    turn = models.PositiveIntegerField(default=0)  # of the conversation; of an attribute STATEMENT or REASON; else 0
    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, null=True, blank=True, related_name="masks")
    response = models.ForeignKey(
        "pipeline.Response", on_delete=models.CASCADE, null=True, blank=True, related_name="masks"
    )
    attribute = models.ForeignKey(
        "pipeline.Attribute", on_delete=models.CASCADE, null=True, blank=True, related_name="masks"
    )
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=MaskKind.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "conversation", "turn", "start", "end"], name="mask_once_per_run"),
            models.UniqueConstraint(
                fields=["run", "prompt", "start", "end"],
                condition=Q(prompt__isnull=False),
                name="mask_of_prompt_once_per_run",
            ),
            models.UniqueConstraint(
                fields=["run", "response", "start", "end"],
                condition=Q(response__isnull=False),
                name="mask_of_response_once_per_run",
            ),
            models.UniqueConstraint(
                fields=["run", "attribute", "turn", "start", "end"],
                condition=Q(attribute__isnull=False),
                name="mask_of_attribute_once_per_run",
            ),
            models.CheckConstraint(
                condition=_masked("conversation")
                | _masked("prompt", turn=0)
                | _masked("response", turn=0)
                | _masked("attribute", turn__lte=REASON),
                name="mask_of_one_text",
            ),
            models.CheckConstraint(condition=Q(start__lt=F("end")), name="mask_covers_something"),
            models.CheckConstraint(condition=Q(kind__in=MaskKind.values), name="mask_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {next(name for name in MASKED if getattr(self, f'{name}_id'))}"
