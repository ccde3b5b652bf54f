"""The study that a rebuild fills: made once, found again, never mixed with another of its name."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings
from django.db import transaction

from annotation.domain.joining import enroll_simulated
from rebuild.driver import Login
from rebuild.plan import SLUG, Folder, Plan, RebuildRefused
from studies.domain.audit import record_event
from studies.domain.members import add_member
from studies.domain.studies import create_study
from studies.domain.users import create_user
from studies.enums import Role
from studies.models import Study, User

BEGAN = "begin_rebuild"
TITLE = "The study at its real size, simulated"
ABOUT = (
    "SIMULATED: people, conversations, models and raters of this study are made up by a program (seed {seed}, "
    "scale {scale:g}). Nothing in it says anything about people."
)


@transaction.atomic
def begin_study(*, plan: Plan) -> Study:
    """The rebuild's study, made if there is none. Raises RebuildRefused where it is another's: a study of that slug
    that no rebuild began, or one of another seed or scale.
    """
    study = Study.objects.filter(slug=SLUG).first()
    wanted: dict[str, str | float] = {"seed": plan.seed, "scale": plan.scale}
    if study is None:
        about = ABOUT.format(seed=plan.seed, scale=plan.scale)
        study = create_study(slug=SLUG, title=TITLE, description=about)
        record_event(study=study, actor=None, verb=BEGAN, subject=f"study:{SLUG}", detail=wanted)
        return study
    begun = study.audit_events.filter(verb=BEGAN).order_by("pk").first()
    if begun is None:
        raise RebuildRefused(f"this database has a study {SLUG!r} that no rebuild began: name another database")
    if begun.detail != wanted:
        raise RebuildRefused(
            f"this database holds a rebuild with seed {begun.detail['seed']!r} and scale {begun.detail['scale']:g}, "
            f"this one has {plan.seed!r} and {plan.scale:g}: go on with those, or name another DATA_DIR or DATABASE_URL"
        )
    return study


def claim_folder(*, study: Study, folder: Folder) -> None:
    """The folder is this study's from now on. Raises RebuildRefused where it is another's, in another database."""
    if not folder.owner.exists():
        folder.root.mkdir(parents=True, exist_ok=True)
        folder.owner.write_text(study.public_id, encoding="utf-8")
    if folder.owner.read_text(encoding="utf-8") != study.public_id:
        raise RebuildRefused(
            f"{folder.root} holds the files of a rebuild in another database: "
            "delete that folder, name that database again, or another DATA_DIR"
        )


def enroll_raters(*, study: Study, count: int) -> list[Login]:
    """Logins of that many simulated raters, marked as such before they do anything. Repeatable."""
    return [_enroll(study, number) for number in range(1, count + 1)]


@transaction.atomic
def _enroll(study: Study, number: int) -> Login:
    login = Login(number, f"simulated-{study.slug}-{number:03}", _password(number))
    user = User.objects.filter(username=login.username).first()
    if user is None:
        user = create_user(username=login.username, password=login.password)
    enroll_simulated(study=study, user=user)
    add_member(study=study, user=user, role=Role.RATER)
    return login


def _password(number: int) -> str:
    """Nobody can guess it without the secret key, and a rebuild that goes on knows it again."""
    return hmac.new(settings.SECRET_KEY.encode(), f"simulated rater {number}".encode(), hashlib.sha256).hexdigest()
