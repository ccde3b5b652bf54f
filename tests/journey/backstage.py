"""The database's side of the journey: a process on the server's own settings that makes campaigns and checks them."""

from __future__ import annotations

import os
from typing import Any

if __name__ == "__main__":
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()

from tests.faults.scene import answer_verbs

INSTRUMENTS = ("attribute_quality", "relevance", "preference")
RIGHT = {"attribute_quality": ["accepted"], "relevance": ["yes"], "preference": ["4", "5"]}
TOLD = {"attribute_quality": "accepted", "relevance": "no", "preference": "3"}  # what an attention item asks for
K = 2


class Hands:
    """What the test asks for, by its verbs."""

    def prepare(self) -> None:
        from config.preparing import collect_static, migrate_database

        migrate_database()
        collect_static()

    def make(self, *, studies: dict[str, str], workspace: str, token: str) -> dict[str, Any]:
        """A study with a campaign of each instrument, all that can stand before the work, and its recruitment."""
        from studies.enums import Role
        from tests import factories

        study = factories.make_study("journey", title="Who keeps figs")
        self.lead = factories.make_member(study, Role.LEAD, "lead")
        form = self._consent_form(study)
        return {name: self._campaign(study, name, form, studies[name], workspace, token) for name in INSTRUMENTS}

    def _consent_form(self, study: Any) -> Any:
        from annotation.domain.consenting import Wording, write_form

        wording = Wording(
            minutes=20,
            pay="£9.00 an hour",
            contact="figs@study.example",
            information="You read **chats** and say what fits.",
            statement="I have read this and take part.",
            warning="Chats can be crude.",
        )
        return write_form(study=study, actor=self.lead, wording=wording)

    def _campaign(self, study: Any, name: str, form: Any, at_recruiter: str, *secrets: str) -> dict[str, str]:
        from dataclasses import replace

        from annotation.domain.rules import rules_of, set_rules
        from tests import factories

        campaign = factories.make_campaign(study, n_items=4, n_questions=2, instrument=name, slug=name, k=K)
        self._tell(campaign)
        self._checks(campaign)
        rules = replace(rules_of(campaign), consent_form=form.pk, check_every=2, attention_limit=2)
        set_rules(campaign=campaign, actor=self.lead, rules=rules)
        codes = self._recruit(campaign, at_recruiter, *secrets)
        campaign.refresh_from_db()
        return {"public_id": campaign.public_id, "recruitment": campaign.recruitment.public_id, **codes}

    def _tell(self, campaign: Any) -> None:
        """Every person has said something, so that attributes can be judged by it."""
        from pipeline.models import Person
        from tests import factories

        run = factories.make_run(campaign.study, "import")
        turns = [{"role": "user", "content": "My figs drop."}, {"role": "assistant", "content": "Water them **less**."}]
        for person in Person.objects.filter(pk__in=campaign.items.values("people")):
            factories.make_conversation(person, run, turns)

    def _checks(self, campaign: Any) -> None:
        from annotation.domain.screening.making import make_check_item
        from annotation.domain.screening.quiz import QuizPlan, add_quiz_questions
        from tests import factories

        pilot = factories.make_campaign(
            campaign.study, n_items=4, instrument=campaign.instrument, slug=f"pilot-{campaign.slug}", state="draft"
        )
        self._tell(pilot)
        right, told = RIGHT[campaign.instrument], [TOLD[campaign.instrument]]
        practice, entrance, gold, attention = pilot.items.order_by("position")
        words: dict[str, Any] = {"campaign": campaign, "actor": self.lead}
        feedback = {0: "The chats say so."}
        make_check_item(source=practice, role="training", expected={0: right}, feedback=feedback, **words)
        make_check_item(source=entrance, role="qualification", expected={0: right, 1: right}, **words)
        make_check_item(source=gold, role="gold", expected={0: right}, **words)
        make_check_item(source=attention, role="attention", expected={1: told}, **words)
        quiz = QuizPlan(
            "By what do you judge?", ("The chats alone", "What I know", "A guess"), 0, "Only the chats count."
        )
        add_quiz_questions(campaign=campaign, plans=[quiz], actor=self.lead)

    def _recruit(self, campaign: Any, at_recruiter: str, workspace: str, token: str) -> dict[str, str]:
        from annotation.domain.recruiting.setup import OUTCOMES, RecruitmentSettings, set_up_recruitment

        codes = {str(outcome): f"C-{campaign.slug}-{outcome}".replace("_", "-").upper() for outcome in OUTCOMES}
        settings = RecruitmentSettings(study_id=at_recruiter, workspace_id=workspace, api_token=token)
        set_up_recruitment(campaign=campaign, settings=settings, codes=codes, actor=self.lead)
        return codes

    def check(self) -> dict[str, Any]:
        """What is wrong with the campaigns now, and how each of their parts ended, by recruiter's study."""
        from django.db.models import Count, Q

        from annotation.domain.counting import COUNTED
        from annotation.models import Campaign, Judgment, Question, Rater
        from tests.annotation.domain.invariants import check_seats

        problems: list[str] = []
        for campaign in Campaign.objects.filter(study__slug="journey").exclude(slug__startswith="pilot-"):
            check_seats(campaign)
            if campaign.state != "complete":
                problems.append(f"{campaign.slug} is {campaign.state}")
            counted = Judgment.objects.filter(COUNTED, question__campaign=campaign)
            by_question = dict(counted.values_list("question").annotate(n=Count("pk")).order_by())
            for question in Question.objects.filter(campaign=campaign):
                wanted = K if question.role == "work" else 0
                if by_question.get(question.pk, 0) != wanted:
                    problems.append(
                        f"{campaign.slug}: {by_question.get(question.pk, 0)} of {wanted} for {question.text}"
                    )
        checks = Count("assignments", filter=Q(assignments__item__role__in=["gold", "attention"]))
        raters = Rater.objects.filter(campaign__study__slug="journey").annotate(checks=checks)
        rows = raters.values_list("campaign__slug", "state", "outcome", "checks")
        return {"problems": problems, "raters": sorted(map(list, rows))}


if __name__ == "__main__":
    answer_verbs(Hands())
