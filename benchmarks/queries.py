"""`python -m benchmarks.queries`: how many statements one submit sends to the database, in an ordinary run.

Counted at the third submit of a rater, by Django's own log of what goes through its cursors; BEGIN and COMMIT are not
statements there.
"""

from __future__ import annotations

import re
import sys

from benchmarks.material import CAMPAIGN, QUESTIONS, rater_name


def main() -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from studies.models import User

    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(User.objects.get(username=rater_name(0)))
    html = client.get(f"/c/{CAMPAIGN}/rate/", follow=True).content.decode()
    answers = {f"answer-{place}": "yes" for place in range(QUESTIONS)}
    for _ in range(3):
        action = re.search(r'action="(/a/[^"]+/submit/)"', html)
        assert action, html[:500]
        with CaptureQueriesContext(connection) as captured:
            reply = client.post(action[1], answers | {"key": "k"}, headers={"HX-Request": "true"})
        assert reply.status_code == 200, reply.content[:500]
        html = reply.content.decode()
    for query in captured.captured_queries:
        print(query["sql"][:600], file=sys.stderr)
    print(len(captured))


if __name__ == "__main__":
    main()
