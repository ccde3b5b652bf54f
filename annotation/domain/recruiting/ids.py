"""By what a recruiter's ids are found again: keyed hashes, nothing that can be read or tried out."""

from __future__ import annotations

from annotation.domain.recruiting.secrets import Purpose, lookup_hash
from annotation.models import Recruitment
from studies.models import Study


def participant_hash(study: Study, recruiter: str, participant_id: str) -> str:
    """Another in each study, so that studies cannot be joined by it."""
    return lookup_hash(Purpose.PARTICIPANT, study.public_id, recruiter, participant_id)


def visit_hash(recruitment: Recruitment, submission_id: str) -> str:
    return lookup_hash(Purpose.SUBMISSION, recruitment.public_id, submission_id)
