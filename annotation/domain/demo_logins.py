"""The demo's logins, apart from what makes the demo, so that the supervisor can show them and stay small."""

from __future__ import annotations

from studies.enums import Role

PASSWORD = "fitting-room"  # noqa: S105 - public on purpose: see settings.DEMO
SHOWN_LOGINS = {"rater": Role.RATER, "lead": Role.LEAD, "researcher": Role.RESEARCHER}
LOGINS = SHOWN_LOGINS | {"rater2": Role.RATER, "rater3": Role.RATER}


def login_lines() -> list[str]:
    """The logins to show, one line each."""
    width = max(map(len, SHOWN_LOGINS))
    return [f"  {name:<{width}}  password {PASSWORD}" for name in SHOWN_LOGINS]
