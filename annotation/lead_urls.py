"""Pages of leads and researchers; annotation.urls takes them in under its own name."""

from __future__ import annotations

from django.urls import path

from annotation.views import campaigns, corpora, people, raters, releases, run_steering, runs, signals, studies

lead_urls = [
    path("s/<slug:study>/", studies.study, name="study"),
    path("s/<slug:study>/invites/", studies.invites, name="invites"),
    path("s/<slug:study>/invites/<int:invite>/revoke/", studies.revoke, name="revoke-invite"),
    path("s/<slug:study>/releases/", releases.releases, name="releases"),
    path("s/<slug:study>/releases/<slug:release>.zip", releases.release_zip, name="release-zip"),
    path("s/<slug:study>/releases/<slug:release>/<path:name>", releases.release_file, name="release-file"),
    path("s/<slug:study>/c/<slug:campaign>/", campaigns.campaign, name="campaign"),
    path("s/<slug:study>/c/<slug:campaign>/start/", campaigns.start, name="start-campaign"),
    path("s/<slug:study>/c/<slug:campaign>/pause/", campaigns.pause, name="pause-campaign"),
    path("s/<slug:study>/c/<slug:campaign>/close/", campaigns.close, name="close-campaign"),
    path("s/<slug:study>/c/<slug:campaign>/signals/", signals.signals, name="signals"),
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
