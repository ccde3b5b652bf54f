"""The words of the rating page's scripts (static/annotation/rating/), in the language of the page.

``%(name)s`` in them is filled in by the script. What is counted comes twice, for one and for many.
"""

from __future__ import annotations

from django.utils.translation import gettext, ngettext


def script_words() -> dict[str, str]:
    return _of_the_page() | _of_the_outbox() | _counted()


def _of_the_page() -> dict[str, str]:
    return {
        "progress": gettext("Item %(number)s of up to %(total)s · %(saved)s saved"),
        "title": gettext("Item %(number)s"),
        "item": gettext("Item %(number)s of up to %(total)s."),
        "saved_item": gettext("Saved. Item %(number)s of up to %(total)s."),
        "next": gettext("Item %(number)s of up to %(total)s. Saving the one before…"),
        "saving": gettext("Saving…"),
        "saved": gettext("Saved"),
        "draft_saved": gettext("Draft saved"),
        "undone": gettext("Taken back. Question %(number)s: %(answer)s."),
        "undone_none": gettext("Taken back. Question %(number)s has no answer."),
        "nothing_to_undo": gettext("There is nothing to take back."),
        "break": gettext(
            "You have worked for %(minutes)s minutes. Look up, stand up, drink something. Nothing is lost, and this "
            "time does not count."
        ),
    }


def _of_the_outbox() -> dict[str, str]:
    return {
        "stuck_offline": gettext(
            "Offline: the server could not be reached. What you entered is kept in this browser and sent when it can be."  # noqa: E501
        ),
        "stuck_server": gettext(
            "The server could not save this (%(status)s). What you entered is kept in this browser and sent again."
        ),
        "stuck_login": gettext(
            "You are logged out. Log in again in another tab, then come back to this one: what you entered is kept in "
            "this browser."
        ),
        "not_saved": gettext("Not saved yet."),
        "refused": gettext("An earlier item was not saved:"),
        "refused_draft": gettext("Something that you entered before was not kept:"),
        "refused_plainly": gettext("the server refused it (%(status)s)."),
        "open_item": gettext("Open that item"),
        "let_go": gettext("Let it go"),
        "saving_first": gettext("Saving what is on its way first…"),
        "kept_first": gettext(
            "Not saved yet, so this page stays. What you entered is kept in this browser and sent when it can be."
        ),
    }


def _counted() -> dict[str, str]:
    words: dict[str, str] = {}
    for form, n in (("one", 1), ("many", 2)):
        words |= {
            f"missing_{form}": ngettext(
                "Question %(listed)s has no answer yet.", "%(n)s questions have no answer yet: %(listed)s.", n
            ),
            f"open_{form}": ngettext("· %(n)s question open", "· %(n)s questions open", n),
            f"from_before_{form}": ngettext(
                "%(n)s item from before was saved.", "%(n)s items from before were saved.", n
            ),
            f"waiting_{form}": ngettext("%(n)s item is not saved yet.", "%(n)s items are not saved yet.", n),
            f"minutes_{form}": ngettext("· about %(n)s minute left", "· about %(n)s minutes left", n),
        }
    return words | {"hours": gettext("· about %(n)s hours left")}
