"""Getting in and out: log in, log out, take up an invitation. Throttling of logins belongs to a later issue."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from studies.domain.errors import InviteUnusable, StudyInvalid
from studies.domain.members import accept_invite, invite_for, join_by_invite
from studies.enums import Role
from studies.forms import JoinForm, LoginForm
from studies.http import SeeOther, next_url
from studies.models import Invite, Membership

HOME = "annotation:home"
# Whole sentences: in other languages a role is not a word that can be put into one.
INVITED_AS: dict[str, str] = {
    Role.LEAD: gettext_noop("You are invited to take part as a lead."),
    Role.RESEARCHER: gettext_noop("You are invited to take part as a researcher."),
    Role.RATER: gettext_noop("You are invited to take part as a rater."),
}
WELCOMED_AS: dict[str, str] = {
    Role.LEAD: gettext_noop("Welcome. You are a lead of “%(study)s”."),
    Role.RESEARCHER: gettext_noop("Welcome. You are a researcher of “%(study)s”."),
    Role.RATER: gettext_noop("Welcome. You are a rater of “%(study)s”."),
}


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    target = next_url(request, HOME)
    if request.user.is_authenticated:
        return redirect(target)
    form = LoginForm(request, data=request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        login(request, form.get_user())
        return SeeOther(target)
    status = 400 if form.is_bound else 200
    return render(request, "studies/login.html", {"form": form, "next": target}, status=status)


@never_cache
@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return SeeOther(reverse("studies:login"))


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, secret: str) -> HttpResponse:
    """Looking at an invitation uses nothing up; only the POST does."""
    try:
        if request.user.is_authenticated:
            return _accept(request, secret)
        return _join(request, secret)
    except InviteUnusable as error:
        return render(request, "studies/invite_over.html", {"message": error.message}, status=404)


def _accept(request: HttpRequest, secret: str) -> HttpResponse:
    assert request.user.is_authenticated
    if request.method == "POST":
        return _welcome(request, accept_invite(secret=secret, user=request.user))
    return _invited(request, invite_for(secret))


def _join(request: HttpRequest, secret: str) -> HttpResponse:
    found = invite_for(secret)
    form = JoinForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        membership = _new_member(form, secret)
        if membership is not None:
            login(request, membership.user)
            return _welcome(request, membership)
    return _join_page(request, found, form)


def _new_member(form: JoinForm, secret: str) -> Membership | None:
    try:
        return join_by_invite(secret=secret, **form.cleaned_data)
    except StudyInvalid as error:
        form.add_error(error.field, error.message)
        return None


def _join_page(request: HttpRequest, found: Invite, form: JoinForm) -> HttpResponse:
    return _invited(request, found, form=form)


def _invited(request: HttpRequest, found: Invite, form: JoinForm | None = None) -> HttpResponse:
    context = {"invite": found, "invited": gettext(INVITED_AS[found.role]), "form": form}
    return render(request, "studies/invite.html", context, status=400 if form and form.is_bound else 200)


def _welcome(request: HttpRequest, membership: Membership) -> HttpResponse:
    messages.success(request, gettext(WELCOMED_AS[membership.role]) % {"study": membership.study})
    return SeeOther(reverse(HOME))
