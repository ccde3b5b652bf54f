from __future__ import annotations

import pytest

from pipeline import prompts


@pytest.mark.parametrize(("name", "instrument"), prompts.INCLUDES.items())
def test_template_holds_the_raters_own_instruction_word_for_word(name: str, instrument: str) -> None:
    assert prompts.guideline_text(instrument).strip() in prompts.template(name)


def test_render_takes_material_as_it_is() -> None:
    text = prompts.render("select", prompt="Costs $5 or ${more}", attribute="Likes ${guideline}")
    assert "Costs $5 or ${more}" in text
    assert "Likes ${guideline}" in text


def test_render_refuses_names_that_the_template_has_not() -> None:
    with pytest.raises(ValueError, match="takes"):
        prompts.render("select", prompt="?")


def test_guideline_text_names_the_instruments_there_are() -> None:
    with pytest.raises(ValueError, match="attribute_quality, relevance, preference"):
        prompts.guideline_text("beauty")


@pytest.mark.parametrize("instrument", prompts.GUIDELINES)
def test_guideline_says_nothing_of_models_or_conditions(instrument: str) -> None:
    text = prompts.guideline_text(instrument).lower()
    assert not [word for word in ("generic", "personalized", "llama", "gpt", "baseline") if word in text]
