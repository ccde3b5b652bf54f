"""Pages of leads and researchers; annotation.urls takes them in under its own name."""

from __future__ import annotations

from django.urls import path

from annotation.views import (
    campaigns,
    cohorts,
    consent_forms,
    corpora,
    people,
    raters,
    recruitment,
    releases,
    remarks,
    rules,
    run_steering,
    runs,
    screening,
    signals,
    studies,
)

lead_urls = [
    path("s/<slug:study>/", studies.study, name="study"),
    path("s/<slug:study>/invites/", studies.invites, name="invites"),
    path("s/<slug:study>/invites/<int:invite>/revoke/", studies.revoke, name="revoke-invite"),
    path("s/<slug:study>/members/<int:member>/remove/", studies.remove, name="remove-member"),
    path("s/<slug:study>/consent-forms/", consent_forms.consent_forms, name="consent-forms"),
    path("s/<slug:study>/releases/", releases.releases, name="releases"),
    path("s/<slug:study>/releases/<slug:release>.zip", releases.release_zip, name="release-zip"),
    path("s/<slug:study>/releases/<slug:release>/<path:name>", releases.release_file, name="release-file"),
    path("s/<slug:study>/c/<slug:campaign>/", campaigns.campaign, name="campaign"),
    path("s/<slug:study>/c/<slug:campaign>/start/", campaigns.start, name="start-campaign"),
    path("s/<slug:study>/c/<slug:campaign>/pause/", campaigns.pause, name="pause-campaign"),
    path("s/<slug:study>/c/<slug:campaign>/close/", campaigns.close, name="close-campaign"),
    path("s/<slug:study>/c/<slug:campaign>/signals/", signals.signals, name="signals"),
    path("s/<slug:study>/c/<slug:campaign>/rules/", rules.rules, name="rules"),
    path("s/<slug:study>/c/<slug:campaign>/rules/change/", rules.change_rules, name="change-rules"),
    path("s/<slug:study>/c/<slug:campaign>/rules/raise-k/", rules.raise_seats, name="raise-k"),
    path("s/<slug:study>/c/<slug:campaign>/rules/cohort/", cohorts.change_cohort, name="change-cohort"),
    path("s/<slug:study>/c/<slug:campaign>/remarks/", remarks.remarks, name="remarks"),
    path("s/<slug:study>/c/<slug:campaign>/remarks/read/", remarks.mark_read, name="mark-remarks-read"),
    path("s/<slug:study>/c/<slug:campaign>/screening/", screening.screening, name="screening"),
    path("s/<slug:study>/c/<slug:campaign>/screening/pick/", screening.pick, name="pick-check"),
    path("s/<slug:study>/c/<slug:campaign>/screening/new/<str:item>/", screening.new, name="new-check"),
    path("s/<slug:study>/c/<slug:campaign>/screening/items/<str:item>/retire/", screening.retire, name="retire-check"),
    path(
        "s/<slug:study>/c/<slug:campaign>/screening/items/<str:item>/restore/", screening.restore, name="restore-check"
    ),
    path("s/<slug:study>/c/<slug:campaign>/screening/quiz/", screening.add_question, name="add-question"),
    path(
        "s/<slug:study>/c/<slug:campaign>/screening/quiz/<int:question>/remove/",
        screening.remove_question,
        name="remove-question",
    ),
    path("s/<slug:study>/c/<slug:campaign>/screening/file/", screening.from_file, name="checks-from-file"),
    path("s/<slug:study>/c/<slug:campaign>/screening/labels/", screening.from_labels, name="gold-from-labels"),
    path("s/<slug:study>/c/<slug:campaign>/recruitment/", recruitment.recruitment, name="recruitment"),
    path("s/<slug:study>/c/<slug:campaign>/recruitment/save/", recruitment.save, name="recruitment-save"),
    path("s/<slug:study>/c/<slug:campaign>/recruitment/ask/<int:visit>/", recruitment.ask, name="recruitment-ask"),
    path("s/<slug:study>/c/<slug:campaign>/recruitment/approve/", recruitment.approve, name="recruitment-approve"),
    path("s/<slug:study>/c/<slug:campaign>/recruitment/refresh/", recruitment.refresh, name="recruitment-refresh"),
    path(
        "s/<slug:study>/c/<slug:campaign>/recruitment/subscribe/", recruitment.subscribe, name="recruitment-subscribe"
    ),
    path("s/<slug:study>/c/<slug:campaign>/recruitment/forget/", recruitment.forget, name="recruitment-forget"),
    path("s/<slug:study>/c/<slug:campaign>/raters/<str:pseudonym>/", raters.rater, name="rater"),
    path("s/<slug:study>/c/<slug:campaign>/raters/<str:pseudonym>/exclude/", raters.exclude, name="exclude-rater"),
    path("s/<slug:study>/c/<slug:campaign>/raters/<str:pseudonym>/readmit/", raters.readmit, name="readmit-rater"),
    path("s/<slug:study>/runs/", runs.runs, name="runs"),
    path("s/<slug:study>/runs/<str:run>/", runs.run, name="run"),
    path("s/<slug:study>/runs/<str:run>/failures/", runs.failures, name="run-failures"),
    path("s/<slug:study>/runs/<str:run>/failures/retry/", run_steering.retry, name="retry-failures"),
    path("s/<slug:study>/runs/<str:run>/resume/", run_steering.resume, name="resume-run"),
    path("s/<slug:study>/runs/<str:run>/pause/", run_steering.pause, name="pause-run"),
    path("s/<slug:study>/runs/<str:run>/cancel/", run_steering.cancel, name="cancel-run"),
    path("s/<slug:study>/runs/<str:run>/budget/", run_steering.budget, name="budget-run"),
    path("s/<slug:study>/people/<str:run>/", people.people, name="people-run"),
    path("s/<slug:study>/corpora/", corpora.corpora, name="corpora"),
    path("s/<slug:study>/conversations/<str:conversation>/", corpora.conversation, name="conversation"),
]
