"""Raters from a recruiter: set up, launched, looked after, paid, forgotten.

Nothing here names anybody: ids are encrypted and found by keyed hash (secrets.py, ids.py). What asks the recruiter is
never inside a transaction (desk.py).
"""

from annotation.domain.recruiting.believing import Believed, LaunchRefused, Why, believe_launch
from annotation.domain.recruiting.codes import code_for, completion_url, note_code_shown
from annotation.domain.recruiting.forgetting import forget_recruiter_ids
from annotation.domain.recruiting.launching import Launch, launch_participant
from annotation.domain.recruiting.payments import ask_approvals, ask_payment
from annotation.domain.recruiting.sending import send_payment
from annotation.domain.recruiting.setup import RecruitmentInvalid, RecruitmentSettings, set_codes, set_recruitment

__all__ = [
    "Believed",
    "Launch",
    "LaunchRefused",
    "RecruitmentInvalid",
    "RecruitmentSettings",
    "Why",
    "ask_approvals",
    "ask_payment",
    "believe_launch",
    "code_for",
    "completion_url",
    "forget_recruiter_ids",
    "launch_participant",
    "note_code_shown",
    "send_payment",
    "set_codes",
    "set_recruitment",
]
