"""Rows of the people's side, to look at. Writes go through annotation.domain, so that promises and audit hold."""

from __future__ import annotations

from django.contrib import admin

from annotation import models
from studies.admin import ReadOnlyAdmin


@admin.register(models.Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    list_display = ["slug", "study", "instrument", "origin", "state", "k", "created_at"]
    list_filter = ["state", "instrument", "origin", "study"]
    list_select_related = ["study"]


@admin.register(models.Guideline)
class GuidelineAdmin(ReadOnlyAdmin):
    list_display = ["study", "instrument", "sha256", "created_at"]
    list_select_related = ["study"]


@admin.register(models.Item)
class ItemAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "campaign", "role", "position", "priority", "open_seats"]
    list_filter = ["role", "campaign"]
    list_select_related = ["campaign"]
    search_fields = ["public_id"]
    exclude = ["people"]


@admin.register(models.Question)
class QuestionAdmin(ReadOnlyAdmin):
    list_display = ["unit_key", "item", "position", "text"]
    list_select_related = ["item__campaign"]
    search_fields = ["unit_key", "text"]


@admin.register(models.Seat)
class SeatAdmin(ReadOnlyAdmin):
    list_display = ["item", "number", "side"]
    list_select_related = ["item__campaign"]


@admin.register(models.Participant)
class ParticipantAdmin(ReadOnlyAdmin):
    """What a recruiter told us of a person stays sealed here too."""

    list_display = ["pseudonym", "study", "kind", "created_at"]
    list_filter = ["kind", "study"]
    list_select_related = ["study"]
    search_fields = ["pseudonym"]
    exclude = ["recruiter_id_encrypted", "recruiter_id_hash"]


@admin.register(models.Rater)
class RaterAdmin(ReadOnlyAdmin):
    list_display = ["participant", "campaign", "kind", "state", "n_left", "n_right", "joined_at"]
    list_filter = ["state", "kind", "campaign"]
    list_select_related = ["participant", "campaign"]


@admin.register(models.Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "campaign", "item", "rater", "state", "claimed_at", "submitted_at"]
    list_filter = ["state", "campaign"]
    list_select_related = ["campaign", "item__campaign", "rater__participant", "rater__campaign"]
    search_fields = ["public_id"]
    exclude = ["token", "submission_key"]


@admin.register(models.Judgment)
class JudgmentAdmin(ReadOnlyAdmin):
    list_display = ["question", "rater", "value", "reason", "n_revisions", "made_at", "erased_at"]
    list_filter = ["instrument"]
    list_select_related = ["question", "rater__participant", "rater__campaign"]


@admin.register(models.Revision)
class RevisionAdmin(ReadOnlyAdmin):
    list_display = ["judgment", "number", "value", "made_at"]
    list_select_related = ["judgment"]


@admin.register(models.Remark)
class RemarkAdmin(ReadOnlyAdmin):
    list_display = ["assignment", "kind", "position", "text", "made_at"]
    list_filter = ["kind"]
    list_select_related = [
        "assignment__item__campaign",
        "assignment__rater__participant",
        "assignment__rater__campaign",
    ]


@admin.register(models.Release)
class ReleaseAdmin(ReadOnlyAdmin):
    list_display = ["study", "version", "public_id", "created_by", "created_at"]
    list_select_related = ["study", "created_by"]
