"""Raters of a release, what they agreed to, how they left and what they said at the end, back into rows."""

from __future__ import annotations

from collections.abc import Iterator

from annotation.domain.withdrawing import audit_subject
from annotation.enums import RaterState
from annotation.models import Campaign, Closing, Consent, Demographic, Participant, Rater
from annotation.releases.loading import Loading, create, ids_of, time_of, time_or_none
from annotation.releases.tables.rows import Row
from pipeline.models import Person
from studies.models import AuditEvent


def load_raters(loading: Loading) -> None:
    for rows in loading.chunks("raters"):
        campaigns = ids_of(Campaign, (row["campaign"] for row in rows))
        participants = _participants(loading, rows)
        made = (
            Rater(
                campaign_id=campaigns[row["campaign"]],
                participant_id=participants[row["rater"]],
                outcome_at=time_or_none(row["outcome_at"]),
                **{name: row[name] for name in ("kind", "group", "state", "outcome")},
            )
            for row in rows
        )
        create(made, times={"joined_at": [time_of(row["joined_at"]) for row in rows]})


def _participants(loading: Loading, rows: list[Row]) -> dict[str, int]:
    """Their keys by pseudonym; whoever is new to the study is made."""
    people = ids_of(Person, (row["person"] for row in rows))
    known = _known(loading, rows)
    new = {row["rater"]: row for row in rows if row["rater"] not in known}
    made = create(
        Participant(study=loading.study, kind=row["kind"], pseudonym=pseudonym, person_id=people.get(row["person"]))
        for pseudonym, row in new.items()
    )
    return known | {participant.pseudonym: participant.pk for participant in made}


def _known(loading: Loading, rows: list[Row]) -> dict[str, int]:
    named = Participant.objects.filter(study=loading.study, pseudonym__in={row["rater"] for row in rows})
    return dict(named.values_list("pseudonym", "pk"))


def load_demographics(loading: Loading) -> None:
    """Of each person once, however many campaigns they rate in. A suppressed value stays suppressed."""
    for rows in loading.chunks("raters"):
        participants = _known(loading, rows)
        told = Demographic.objects.filter(participant_id__in=participants.values())
        done = set(told.values_list("participant_id", flat=True))
        new = {participants[row["rater"]]: row["demographics"] for row in rows}
        create(Demographic(participant_id=pk, **each) for pk, given in new.items() if pk not in done for each in given)


def load_consents(loading: Loading) -> None:
    forms = dict(loading.study.consent_forms.values_list("sha256", "pk"))
    for rows in loading.chunks("consents"):
        raters = loading.raters_of(rows)
        create(
            Consent(
                rater_id=raters[row["campaign"], row["rater"]],
                form_id=forms[row["consent_form"]],
                agreed=row["agreed"],
                answered_at=time_of(row["answered_at"]),
                withdrawn_at=time_or_none(row["withdrawn_at"]),
            )
            for row in rows
        )


def load_closings(loading: Loading) -> None:
    for rows in loading.chunks("closings"):
        raters = loading.raters_of(rows)
        create(
            Closing(
                rater_id=raters[row["campaign"], row["rater"]],
                could_tell=row["could_tell"],
                how=row["how"],
                looked_with=loading.looked_with,
                made_at=time_of(row["made_at"]),
                erased_at=time_or_none(row["erased_at"]),
            )
            for row in rows
        )


def load_exclusions(loading: Loading) -> None:
    """Into the audit trail, where the next release looks for them. One whose time is not known stands in the rater's
    state alone."""
    slugs = dict(loading.study.campaigns.values_list("public_id", "slug"))
    for rows in loading.chunks("exclusions"):
        happened = [event for row in rows for event in _happened(row)]
        made = (
            AuditEvent(
                study=loading.study,
                verb=verb,
                subject=audit_subject(row["rater"], slugs[row["campaign"]]),
                detail={"reason": row["reason"], "imported": True},
            )
            for verb, row, _ in happened
        )
        create(made, times={"made_at": [time_of(at) for _, _, at in happened]})


def _happened(row: Row) -> Iterator[tuple[str, Row, str]]:
    if row["at"] is not None:
        verb = "exclude_rater" if row["kind"] == RaterState.EXCLUDED else "withdraw_rater"
        yield verb, row, row["at"]
    if row["undone_at"] is not None:
        yield "readmit_rater", row | {"reason": ""}, row["undone_at"]
