from __future__ import annotations

from studies.tokens import ALPHABET, TOKEN_LENGTH, new_tokens


def test_many_tokens_are_as_one_and_all_differ() -> None:
    tokens = new_tokens(1000)
    assert len(set(tokens)) == 1000
    assert {len(token) for token in tokens} == {TOKEN_LENGTH}
    assert set("".join(tokens)) == set(ALPHABET)
    assert new_tokens(0) == []
