"""A simulated world with known truth, of the study's size: people, conversations, prompts; five models; raters.

Everything follows from a seed and a scale (1 = the study: 50 people with 550 conversations in corpus ``world``, 20
people in corpus ``synthetic``, 41 prompts, 164 (person, prompt)). Models and raters answer from the words they are
shown, so the world never needs to know a database key:

    world = make_world("a seed", scale=1.0)
    write_world(world, folder)            # folder/corpus for ``import_corpus``, folder/truth.json
    python -m pipeline.sources.world.server folder      # the models, by OpenAI's protocol
    SimulatedRater(world, 7).relevance(prompt_text, attribute_text)

truth.json stands beside the corpus and never in a release. Version 1:

    version, simulated (true), seed, scale
    mark        changes with any word of the world; ``read_world`` refuses a file of another world
    standing    truth -> how a statement of that kind stands with a careful reader (0 rejected .. 2 accepted)
    models      model -> the fields of ``characters.Character``
    people      one entry a person:
        person, corpus          as in the corpus (source_id, slug)
        register                how they write
        traits                  {family: value}: what is true of them
        statements              all that may be extracted of them, true or not:
            concept             what it says, the same however it is worded; statements of one concept are duplicates
            truth               true | overgeneralized | task_context | unsupported | not_standalone
            wordings            the texts in which models put it
            shows               [{conversation, turns, confidence}]: where it comes from (no turns: from nothing)
    prompts     one entry a prompt:
        prompt, text, topics
        affinity                {person: {concept: number}}: how much knowing it would change an answer; it is relevant
                                above ``relevant_above``, which stands at the top of the file

A preference's truth depends on the responses' words: ``preferences.difference`` gives it.
"""

from __future__ import annotations

from pipeline.sources.world.files import read_world, write_world
from pipeline.sources.world.world import World, make_world

__all__ = ["World", "make_world", "read_world", "write_world"]
