"""Every page there is, in every state that looks or behaves in a way of its own.

tests/accessibility walks this list, and fails where a template or an address is missing from it; tests/gallery makes
screenshots of it.
"""

from __future__ import annotations

from tests.gallery.joining_pages import JOINING_VIEWS
from tests.gallery.lead_pages import LEADS_VIEWS
from tests.gallery.rating_pages import RATING_VIEWS
from tests.gallery.start_pages import START_VIEWS
from tests.gallery.walking import View

VIEWS: tuple[View, ...] = (*START_VIEWS, *JOINING_VIEWS, *RATING_VIEWS, *LEADS_VIEWS)
BY_NAME = {view.name: view for view in VIEWS}
assert len(BY_NAME) == len(VIEWS), "two views have one name"
