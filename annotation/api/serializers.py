"""What the API shows. Shapes only: no look-ups, no rules."""

from __future__ import annotations

from rest_framework import serializers

from annotation.domain.progress import Progress
from annotation.domain.releasing import replacement_of
from annotation.enums import ReleaseState
from annotation.models import Campaign, Release, ReleaseJob
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
    previous = serializers.SlugRelatedField[Release](
        read_only=True, slug_field="public_id", help_text="The release that its changes are against."
    )
    replaced_by = serializers.SerializerMethodField(help_text="Of a withdrawn one: the release to use in its place.")

    class Meta:
        model = Release
        fields = [
            "public_id",
            "version",
            "state",
            "change",
            "previous",
            "data_sha256",
            "created_at",
            "withdrawn_at",
            "withdrawn_because",
            "replaced_by",
        ]
        read_only_fields = fields

    def get_replaced_by(self, release: Release) -> str | None:
        instead = replacement_of(release) if release.state == ReleaseState.WITHDRAWN else None
        return instead.public_id if instead else None


class TableChangeSerializer(serializers.Serializer[dict[str, object]]):
    table = serializers.CharField()
    added = serializers.IntegerField(allow_null=True, help_text="Null where the earlier files were not at hand.")
    changed = serializers.IntegerField(allow_null=True)
    gone = serializers.IntegerField(allow_null=True)
    columns = serializers.CharField(help_text="What happened to the table or its columns, in words.")


class OneReleaseSerializer(ReleaseSerializer):
    changes = TableChangeSerializer(many=True, read_only=True)
    manifest = serializers.JSONField(read_only=True, help_text="The very manifest.json; it stays when files go.")

    class Meta(ReleaseSerializer.Meta):
        fields = [*ReleaseSerializer.Meta.fields, "changes", "manifest"]
        read_only_fields = fields


class ReleaseWishSerializer(serializers.Serializer[dict[str, object]]):
    final = serializers.BooleanField(default=False, help_text="Its description must have no blank.")
    version = serializers.CharField(
        default="", allow_blank=True, max_length=32, help_text="Empty: as follows from what changed."
    )
    demographics = serializers.ListField(
        child=serializers.CharField(max_length=64),
        default=None,
        allow_null=True,
        help_text="The fields of what raters told that it holds; null: as the last release, the first one all.",
    )


class ReleaseJobSerializer(serializers.ModelSerializer[ReleaseJob]):
    release = serializers.SlugRelatedField[Release](
        read_only=True, slug_field="public_id", help_text="What was made; null until it is done."
    )

    class Meta:
        model = ReleaseJob
        fields = [
            "state",
            "final",
            "demographics",
            "asked_at",
            "ended_at",
            "table",
            "n_rows",
            "n_expected",
            "release",
            "problem",
        ]
        read_only_fields = fields


class ProblemSerializer(serializers.Serializer[dict[str, str]]):
    detail = serializers.CharField(help_text="What is wrong and what to do about it.")
