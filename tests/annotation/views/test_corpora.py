from __future__ import annotations

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.enums import CorpusKind, MaskKind
from pipeline.models import Conversation, Corpus, Mask, RunInput
from tests import factories


def text_of(response) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split()))


@pytest.fixture
def looking(client, researcher):
    client.force_login(researcher)
    return client


def make_chats(study, languages: list[str], **fields) -> tuple[Corpus, list[Conversation]]:
    """A corpus of one person with a conversation of each language."""
    corpus = factories.make_corpus(study, **fields)
    person, run = factories.make_person(corpus), factories.make_run(study, "import")
    chats = [factories.make_conversation(person, run) for _ in languages]
    for chat, language in zip(chats, languages, strict=True):
        Conversation.objects.filter(pk=chat.pk).update(language=language)
    return corpus, chats


def test_corpora_page_says_what_each_holds(study, looking):
    languages = ["English"] * 3 + ["French", "German", "Latin", "Maltese", "Turkish"]
    _, chats = make_chats(study, languages, title="Wild chats", licence="ODC-BY", source_format="wildchat")
    Conversation.objects.filter(pk=chats[0].pk).update(toxic=True)
    Conversation.objects.filter(pk=chats[1].pk).update(toxic=False)
    make_chats(study, [], title="Invented", kind=CorpusKind.SYNTHETIC)
    text = text_of(looking.get("/s/figs/corpora/"))
    assert "Wild chats Human wildchat · ODC-BY" in text
    assert "People 1 Conversations 8 Turns 16 Marked toxic 1 Marked redacted not said" in text
    assert "English 3 , French 1 , German 1 , Latin 1 , Maltese 1 and 1 more" in text
    assert "Invented Synthetic study · no licence noted People 1 Conversations 0 Turns 0" in text


def test_corpora_page_shows_nothing_of_another_study(study, other_study, looking):
    make_chats(other_study, ["English"], title="Not ours")
    text = text_of(looking.get("/s/figs/corpora/"))
    assert "No corpus yet" in text
    assert "Not ours" not in text


def test_corpora_page_takes_the_same_queries_for_one_and_three(study, looking):
    taken = []
    for n in (1, 2):
        for _ in range(n):
            make_chats(study, ["English", "French"])
        with CaptureQueriesContext(connection) as queries:
            looking.get("/s/figs/corpora/")
        taken.append(len(queries))
    assert taken[0] == taken[1]


def test_conversation_can_be_read_and_leads_on(study, looking):
    _, (first, second) = make_chats(study, ["English", "French"])
    Conversation.objects.filter(pk=first.pk).update(turns=[{"role": "user", "content": "<b>Figs?</b>"}])
    response = looking.get(f"/s/figs/conversations/{first.public_id}/")
    assert "<b>Figs?" not in response.content.decode()
    assert "Person turn 1 <b>Figs?</b>" in text_of(response)
    assert f'rel="next" href="/s/figs/conversations/{second.public_id}/"' in response.content.decode()
    assert 'rel="prev"' not in response.content.decode()
    assert f'rel="prev" href="/s/figs/conversations/{first.public_id}/"' in (
        looking.get(f"/s/figs/conversations/{second.public_id}/").content.decode()
    )


def test_reading_goes_on_with_the_next_person_and_stays_in_the_corpus(study, looking):
    corpus, (chat,) = make_chats(study, ["English"])
    other = factories.make_conversation(factories.make_person(corpus), chat.run)
    make_chats(study, ["English"])
    body = looking.get(f"/s/figs/conversations/{chat.public_id}/").content.decode()
    assert f'rel="next" href="/s/figs/conversations/{other.public_id}/"' in body
    assert 'rel="next"' not in looking.get(f"/s/figs/conversations/{other.public_id}/").content.decode()


def test_personal_data_is_counted_and_covered(study, looking):
    _, (chat,) = make_chats(study, ["English"])
    Conversation.objects.filter(pk=chat.pk).update(turns=[{"role": "user", "content": "I am ann@example.org, yes"}])
    assert "It was not looked for yet" in text_of(looking.get("/s/figs/corpora/"))
    masks = factories.make_run(study, "mask", parameters={"names": ""})
    RunInput.objects.create(run=masks, source=chat.run)
    Mask.objects.create(run=masks, conversation=chat, turn=0, start=5, end=20, kind=MaskKind.EMAIL)
    page = text_of(looking.get("/s/figs/corpora/"))
    assert "1 place is covered" in page
    assert "E-mail address 1 Names were not looked for" in page
    assert "not looked at yet" not in page
    shown = text_of(looking.get(f"/s/figs/conversations/{chat.public_id}/"))
    assert "ann@example.org" not in shown
    assert "I am [e-mail address" in shown


@pytest.mark.parametrize("who", ["rater_a", "outsider"])
def test_conversation_is_not_for_raters_or_others(client, study, request, who):
    _, (chat,) = make_chats(study, ["English"])
    client.force_login(request.getfixturevalue(who))
    assert client.get(f"/s/figs/conversations/{chat.public_id}/").status_code == 404
    assert client.get("/s/figs/corpora/").status_code == 404


def test_corpora_page_leads_to_the_people_drawn(study, looking):
    corpus, _ = make_chats(study, ["English"])
    run = factories.make_run(study, "people", parameters={"corpus": corpus.slug}, n_units=1, n_done=1)
    make_chats(study, ["English"])
    body = looking.get("/s/figs/corpora/").content.decode()
    assert body.count(f'<a href="/s/figs/people/{run.public_id}/">1 person</a>') == 1
