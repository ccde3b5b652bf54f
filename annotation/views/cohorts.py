"""Who may take part in a campaign: everybody, those who passed another one, or a list of pseudonyms."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from annotation.domain.cohort_choices import TakesAway, keep_to_listed, keep_to_passed, open_to_all
from annotation.domain.errors import AnnotationError
from annotation.models import Campaign
from annotation.permissions import campaign_for
from annotation.views.access import logged_in
from annotation.views.cohort_form import EVERYBODY, LISTED, PASSED, CohortForm
from annotation.views.rules import rules_page
from studies.http import SeeOther, actor_of
from studies.models import User
from studies.permissions import LEADS


def choose(form: CohortForm, campaign: Campaign, actor: User) -> str:
    """Does what a valid form says, and says so. Raises AnnotationError."""
    given = form.cleaned_data
    if given["who"] == EVERYBODY:
        open_to_all(campaign=campaign, actor=actor)
        return "Every rater of the study may take part."
    if given["who"] == PASSED:
        source = campaign.study.campaigns.get(slug=given["source"])
        number = keep_to_passed(campaign=campaign, source=source, actor=actor, confirmed=given["confirmed"])
    else:
        listed = given["pseudonyms"]
        number = keep_to_listed(campaign=campaign, pseudonyms=listed, actor=actor, confirmed=given["confirmed"])
    return f"The campaign is for {number:,} {'rater' if number == 1 else 'raters'} only."


@logged_in
@require_POST
def change_cohort(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LEADS)
    form = CohortForm(found, request.POST)
    if not form.is_valid():
        return rules_page(request, found, status=400, cohort_form=form)
    try:
        messages.success(request, choose(form, found, actor_of(request)))
    except TakesAway as error:
        form.add_error("confirmed", error.message)
        return rules_page(request, found, status=error.status, cohort_form=form, takes_away=True)
    except AnnotationError as error:
        form.add_error("pseudonyms" if form.cleaned_data["who"] == LISTED else "who", error.message)
        return rules_page(request, found, status=400, cohort_form=form)
    return SeeOther(reverse("annotation:rules", args=[found.study.slug, found.slug]))
