"""Rows of the machines' side, to look at. They are written by imports and runs alone."""

from __future__ import annotations

from django.contrib import admin

from pipeline import models
from studies.admin import ReadOnlyAdmin


@admin.register(models.Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "study", "stage", "model_name", "state", "n_done", "n_failed", "n_units", "created_at"]
    list_filter = ["stage", "state", "study"]
    list_select_related = ["study"]
    search_fields = ["public_id", "model_name"]
    exclude = ["inputs"]


@admin.register(models.WorkUnit)
class WorkUnitAdmin(ReadOnlyAdmin):
    list_display = ["key", "run", "state", "attempts", "lease_until", "reason"]
    list_filter = ["state"]
    list_select_related = ["run"]
    search_fields = ["key"]


@admin.register(models.Completion)
class CompletionAdmin(ReadOnlyAdmin):
    list_display = ["cache_key", "run", "attempt", "state", "backend", "seconds", "created_at"]
    list_filter = ["state", "backend"]
    list_select_related = ["run"]
    search_fields = ["cache_key"]


@admin.register(models.Corpus)
class CorpusAdmin(ReadOnlyAdmin):
    list_display = ["slug", "study", "kind", "source_format", "licence", "created_at"]
    list_filter = ["kind", "study"]
    list_select_related = ["study"]


@admin.register(models.Person)
class PersonAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "corpus", "source_id"]
    list_select_related = ["corpus"]
    search_fields = ["public_id", "source_id"]


@admin.register(models.Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "person", "position", "language", "model_name"]
    list_select_related = ["person"]
    search_fields = ["public_id", "source_id"]


@admin.register(models.Attribute)
class AttributeAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "person", "run", "text", "confidence"]
    list_select_related = ["person", "run"]
    search_fields = ["public_id", "text"]
    exclude = ["made_from"]


@admin.register(models.Prompt)
class PromptAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "study", "source", "source_id"]
    list_select_related = ["study"]
    search_fields = ["public_id", "source_id"]
    exclude = ["people"]


@admin.register(models.Response)
class ResponseAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "prompt", "person", "generator", "condition"]
    list_filter = ["condition"]
    list_select_related = ["prompt", "person"]
    search_fields = ["public_id"]
    exclude = ["given"]


@admin.register(models.ResponsePair)
class ResponsePairAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "prompt", "person", "generator"]
    list_select_related = ["prompt", "person"]
    search_fields = ["public_id"]


@admin.register(models.Vote)
class VoteAdmin(ReadOnlyAdmin):
    list_display = ["unit_key", "run", "status", "value", "side", "raw_score"]
    list_filter = ["instrument", "status"]
    list_select_related = ["run"]
    search_fields = ["unit_key"]


@admin.register(models.Label)
class LabelAdmin(ReadOnlyAdmin):
    list_display = ["unit_key", "run", "method", "value", "n", "share"]
    list_filter = ["instrument", "method"]
    list_select_related = ["run"]
    search_fields = ["unit_key"]
