"""What the API shows. Shapes only: no look-ups, no rules."""

from __future__ import annotations

from rest_framework import serializers

from annotation.domain.progress import Progress
from annotation.models import Campaign, Release
from pipeline.domain.failures import FailureGroup
from pipeline.domain.overview import Counts
from pipeline.domain.progress import RunProgress
from pipeline.models import Run
from studies.models import Study


class StudySerializer(serializers.ModelSerializer[Study]):
    class Meta:
        model = Study
        fields = ["public_id", "slug", "title", "description", "created_at"]


class ProgressSerializer(serializers.Serializer[Progress]):
    items = serializers.IntegerField(help_text="Work items.")
    items_complete = serializers.IntegerField(help_text="Work items with all K seats submitted.")
    questions = serializers.IntegerField(help_text="Questions on work items.")
    wanted = serializers.IntegerField(help_text="Judgments wanted: questions times K; 0 for imported campaigns.")
    counted = serializers.IntegerField(help_text="Judgments that count towards K.")
    held = serializers.IntegerField(help_text="Items held by raters now.")
    raters = serializers.IntegerField(help_text="Active raters.")
    recent = serializers.IntegerField(help_text="Counted judgments of the last 24 hours.")
    kept = serializers.IntegerField(help_text="Answers that are kept and do not count.")
    complete = serializers.BooleanField()


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    progress = ProgressSerializer(read_only=True)

    class Meta:
        model = Campaign
        fields = [
            "public_id",
            "slug",
            "title",
            "instrument",
            "origin",
            "state",
            "k",
            "questions_per_item",
            "lease_seconds",
            "created_at",
            "progress",
        ]
        read_only_fields = fields


class CountsSerializer(serializers.Serializer[Counts]):
    units = serializers.IntegerField()
    done = serializers.IntegerField()
    failed = serializers.IntegerField()
    left = serializers.IntegerField()


class RunSerializer(serializers.ModelSerializer[Run]):
    counts = CountsSerializer(read_only=True)
    inputs = serializers.SlugRelatedField[Run](
        many=True, read_only=True, slug_field="public_id", help_text="Runs that it read."
    )
    problem = serializers.CharField(read_only=True, help_text="Why it stands still, where nobody asked for it.")

    class Meta:
        model = Run
        fields = [
            "public_id",
            "stage",
            "backend",
            "model_name",
            "model_revision",
            "parameters",
            "template_sha256",
            "state",
            "problem",
            "counts",
            "inputs",
            "outcome",
            "budget_tokens",
            "budget_money",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields


class RunProgressSerializer(serializers.Serializer[RunProgress]):
    units = serializers.IntegerField()
    done = serializers.IntegerField()
    failed = serializers.IntegerField()
    left = serializers.IntegerField()
    cached = serializers.IntegerField(help_text="Units done with answers that another run had recorded.")
    asked = serializers.IntegerField(help_text="Answers that this run got itself.")
    unparseable = serializers.IntegerField(help_text="Votes that could not be read; kept as such.")
    failed_calls = serializers.IntegerField(help_text="Calls that got no answer.")
    possibly_paid_twice = serializers.IntegerField(help_text="Calls in flight when their process died.")
    prompt_tokens = serializers.IntegerField(allow_null=True, help_text="Null where no server counted.")
    completion_tokens = serializers.IntegerField(allow_null=True, help_text="Null where no server counted.")
    cost = serializers.DecimalField(
        max_digits=None, decimal_places=None, allow_null=True, help_text="Null where no price is known."
    )
    currency = serializers.CharField(help_text="Of the cost; empty where no price is known.")
    per_minute = serializers.FloatField(allow_null=True, help_text="Units settled a minute, of late.")
    seconds_left = serializers.FloatField(allow_null=True, help_text="At that pace.")


class RunFailuresSerializer(serializers.Serializer[FailureGroup]):
    kind = serializers.CharField()
    count = serializers.IntegerField()
    remedy = serializers.CharField()


class RunWithProgressSerializer(RunSerializer):
    progress = RunProgressSerializer(read_only=True)
    failures = RunFailuresSerializer(many=True, read_only=True, help_text="By kind, the most frequent first.")

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "progress", "failures"]
        read_only_fields = fields


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    class Meta:
        model = Release
        fields = ["public_id", "version", "data_sha256", "created_at"]


class ProblemSerializer(serializers.Serializer[dict[str, str]]):
    detail = serializers.CharField(help_text="What is wrong and what to do about it.")
