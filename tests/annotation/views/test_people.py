from __future__ import annotations

import html
import re

import pytest

from pipeline.domain.people import PeopleParameters, sample_people
from pipeline.models import SampledPerson
from tests import factories
from tests.pipeline.domain.people.crowd import WordEmbedder, crowd, opening, say


def text_of(response) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split()))


@pytest.fixture
def looking(client, researcher):
    client.force_login(researcher)
    return client


@pytest.fixture
def corpus(study):
    corpus = factories.make_corpus(study, "chats")
    imported = factories.make_run(study, "import")
    people = crowd(corpus, imported, [f"p{number}" for number in range(6)])
    say(people["p0"], imported, opening("rude"), toxic=True)
    say(factories.make_person(corpus, "brief"), imported, opening("brief"))
    return corpus


def draw(study, n: int):
    rules = PeopleParameters(n_people=n, seed="s")
    return sample_people(
        study=study, corpus_slug="chats", parameters=rules, model="word-counts", embedder=WordEmbedder()
    )


def test_page_shows_the_funnel_the_distances_and_the_people(study, corpus, looking):
    run = draw(study, 3)
    response = looking.get(f"/s/figs/people/{run.public_id}/")
    text = text_of(response)
    assert "3 people drawn from chats" in text
    assert "Everybody in the corpus 7 people 20 conversations" in text
    assert "Not marked as toxic 7 people 19 conversations 0 people 1 conversations" in text
    assert "At least 3 conversations 6 people 18 conversations 1 people 1 conversations" in text
    assert "Drawn 3 people 9 conversations 3 people 9 conversations" in text
    figures = run.outcome["diversity"]
    assert f"{figures['drawn_mean']:.3f} is the mean distance between two of the 3 people drawn." in text
    assert f"{figures['eligible_mean']:.3f} is the mean distance between two of all 6 eligible people" in text
    assert "as word-counts embeds it" in text
    for row in SampledPerson.objects.filter(run=run):
        assert f"{row.position + 1} {row.person.source_id} 3 18" in text
    assert "were wanted" not in text


def test_bars_are_shares_of_everybody(study, corpus, looking):
    """7 people in all; of the 7 who came to the last but one filter 6 are left, 85.71 %."""
    page = looking.get(f"/s/figs/people/{draw(study, 3).public_id}/").content.decode()
    row = page[page.index("At least 3 conversations") :].split("</svg>")[0]
    assert re.findall(r'class="(\w+)"[^>]*width="([\d.]+%)"', row) == [
        ("taken", "100.00%"),
        ("left", "85.71%"),
        ("talk", "90.00%"),
    ]
    assert "style=" not in page


def test_page_says_where_fewer_were_eligible(study, corpus, looking):
    text = text_of(looking.get(f"/s/figs/people/{draw(study, 50).public_id}/"))
    assert "6 people drawn from chats 50 were wanted, and no more than 6 passed the filters: all of them" in text


def test_page_of_one_person_has_no_distances(study, corpus, looking):
    text = text_of(looking.get(f"/s/figs/people/{draw(study, 1).public_id}/"))
    assert "1 person drawn from chats" in text
    assert "is the mean distance between two of all 6 eligible people" in text
    assert "people drawn." not in text


def test_page_of_a_run_without_figures_says_so(study, corpus, looking):
    run = factories.make_run(study, "people")
    text = text_of(looking.get(f"/s/figs/people/{run.public_id}/"))
    assert "0 people drawn What each filter took This run came without the figures of its filters." in text
    SampledPerson.objects.create(run=run, person=corpus.people.get(source_id="p1"), position=0)
    assert "1 p1 n/a n/a" in text_of(looking.get(f"/s/figs/people/{run.public_id}/"))


def test_long_list_has_pages(study, corpus, looking, monkeypatch):
    monkeypatch.setattr("annotation.views.people.PEOPLE_PER_PAGE", 4)
    run = draw(study, 6)
    first, second = (text_of(looking.get(f"/s/figs/people/{run.public_id}/?page={page}")) for page in (1, 2))
    last = run.sampled_people.get(position=4).person.source_id
    assert f"5 {last} 3 18" not in first
    assert f"5 {last} 3 18" in second


def test_run_of_another_stage_has_no_such_page(study, looking):
    run = factories.make_run(study, "merge")
    assert looking.get(f"/s/figs/people/{run.public_id}/").status_code == 404


def test_lists_of_runs_and_the_run_lead_here(study, corpus, looking):
    run = draw(study, 3)
    link = f'href="/s/figs/people/{run.public_id}/"'
    for address in ("/s/figs/", "/s/figs/runs/", f"/s/figs/runs/{run.public_id}/"):
        assert link in looking.get(address).content.decode(), address
