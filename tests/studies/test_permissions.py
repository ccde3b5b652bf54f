from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from studies.enums import Role
from studies.permissions import LEADS, LOOKS, RATES, may, roles_that_include, studies_of, study_for


def test_lead_looks_but_does_not_rate():
    assert roles_that_include(*LOOKS) == (Role.LEAD, Role.RESEARCHER)
    assert roles_that_include(*LEADS) == (Role.LEAD,)
    assert roles_that_include(*RATES) == (Role.RATER,)
    assert roles_that_include() == roles_that_include(*Role) == tuple(Role)


@pytest.mark.parametrize(
    ("who", "roles", "seen"),
    [
        ("lead", LEADS, True),
        ("lead", LOOKS, True),
        ("lead", RATES, False),
        ("researcher", LEADS, False),
        ("researcher", LOOKS, True),
        ("researcher", RATES, False),
        ("rater_a", LOOKS, False),
        ("rater_a", RATES, True),
        ("rater_a", (), True),
        ("outsider", (), False),
        ("outsider", LEADS, False),
    ],
)
def test_study_for_is_404_to_whoever_has_not_the_role(request, study, who, roles, seen):
    user = request.getfixturevalue(who)
    assert may(user, study, *roles) is seen
    if seen:
        assert study_for(user, study.slug, *roles) == study
    else:
        with pytest.raises(Http404):
            study_for(user, study.slug, *roles)


def test_study_for_says_the_same_of_a_study_that_never_was(study, outsider):
    with pytest.raises(Http404) as foreign:
        study_for(outsider, study.slug)
    with pytest.raises(Http404) as missing:
        study_for(outsider, "no-such-study")
    assert str(foreign.value) == str(missing.value)


def test_anonymous_has_no_studies(study):
    assert not studies_of(AnonymousUser()).exists()
    with pytest.raises(Http404):
        study_for(AnonymousUser(), study.slug)


def test_superuser_sees_no_study_in_the_pages_without_membership(study):
    from tests.factories import make_user

    assert not studies_of(make_user("root", is_superuser=True, is_staff=True)).exists()
