"""Looking, for whoever runs the installation. Writes go through the domain: nothing but logins can be changed here."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest

from studies.models import AuditEvent, Invite, Membership, Study, User

admin.site.site_header = admin.site.site_title = "Fitting Room: rows"
admin.site.unregister(Group)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no subscript at run time
    """Rows to look at: no adding, changing or deleting, no actions. Counting rows of big tables is left out."""

    actions = None
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(User)
class LoginAdmin(UserAdmin):  # type: ignore[type-arg]
    """Accounts can be switched off and get a new password; deleting one would tear holes into the audit trail."""

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


@admin.register(Study)
class StudyAdmin(ReadOnlyAdmin):
    list_display = ["slug", "title", "created_at"]
    search_fields = ["slug", "title"]


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ["study", "user", "role", "created_at"]
    list_filter = ["role", "study"]
    list_select_related = ["study", "user"]


@admin.register(Invite)
class InviteAdmin(ReadOnlyAdmin):
    list_display = ["study", "role", "uses", "quota", "expires_at", "revoked_at", "created_by"]
    list_select_related = ["study", "created_by"]
    exclude = ["secret_sha256"]


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ["made_at", "study", "actor", "verb", "subject"]
    list_filter = ["verb", "study"]
    list_select_related = ["study", "actor"]
    date_hierarchy = "made_at"
