"""Generic and personalized answers to prompts, and the pairs that people compare."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from pipeline.enums import Condition
from pipeline.models.attributes import Attribute
from pipeline.models.corpora import Person, Prompt
from pipeline.models.runs import Run
from studies.tokens import new_token


class Response(models.Model):
    """A generator's answer. A generic one belongs to no person; a personalized one does."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="responses")
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="responses")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="responses")
    public_id = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    generator = models.CharField(max_length=200)  # the model's name
    condition = models.CharField(max_length=16, choices=Condition.choices)
    position = models.PositiveIntegerField(default=0)  # tells several answers to the same request apart
    text = models.TextField()
    given: models.ManyToManyField[Attribute, GivenAttribute] = models.ManyToManyField(
        Attribute, through="GivenAttribute", related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "prompt", "position"],
                condition=Q(person__isnull=True),
                name="response_generic_once_per_run",
            ),
            models.UniqueConstraint(
                fields=["run", "prompt", "person", "position"],
                condition=Q(person__isnull=False),
                name="response_personalized_once_per_run",
            ),
            models.CheckConstraint(
                condition=Q(condition=Condition.GENERIC, person__isnull=True)
                | Q(condition=Condition.PERSONALIZED, person__isnull=False),
                name="response_person_by_condition",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.condition} by {self.generator}"


class GivenAttribute(models.Model):
    """The generator was given this attribute, at this place in its instruction."""

    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="given_rows")
    attribute = models.ForeignKey(Attribute, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["response", "attribute"], name="given_attribute_once")]

    def __str__(self) -> str:
        return f"{self.attribute_id} given to {self.response_id}"


class ResponsePair(models.Model):
    """The generic and the personalized response of one generator for one person and prompt."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="pairs")
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="pairs")
    generator = models.CharField(max_length=200)
    generic = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="+")
    personalized = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="+")
    public_id = models.CharField(max_length=32, unique=True, default=new_token, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["generic", "personalized"], name="response_pair_once"),
            models.CheckConstraint(condition=~Q(generic=F("personalized")), name="response_pair_of_two"),
        ]

    def __str__(self) -> str:
        return f"pair by {self.generator}"
