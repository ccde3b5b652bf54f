"""What the API shows. Shapes only: no look-ups, no rules."""

from __future__ import annotations

from rest_framework import serializers

from annotation.domain.progress import Progress
from annotation.models import Campaign, Release
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


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    class Meta:
        model = Release
        fields = ["public_id", "version", "data_sha256", "created_at"]


class ProblemSerializer(serializers.Serializer[dict[str, str]]):
    detail = serializers.CharField(help_text="What is wrong and what to do about it.")
