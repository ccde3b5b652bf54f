"""Raters from a recruiter: set up, launched, paid. Nothing here names anybody: ids are encrypted (secrets.py)."""

from annotation.domain.recruiting.codes import code_for, completion_url, note_code_shown

__all__ = ["code_for", "completion_url", "note_code_shown"]
