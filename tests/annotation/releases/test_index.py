from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.releases import index
from annotation.releases.index import Index

hashes = st.lists(st.integers(0, 40) | st.integers(0, 2**64 - 1), max_size=60)


@settings(max_examples=60)
@given(known=hashes, wanted=hashes, at_once=st.integers(1, 20))
def test_what_is_missing_is_found_a_part_at_a_time(known: list[int], wanted: list[int], at_once: int) -> None:
    with pytest.MonkeyPatch.context() as patch, Index() as found:
        patch.setattr(index, "AT_ONCE", at_once)
        found.want([np.array(wanted[:7], np.uint64), np.array(wanted[7:], np.uint64)])
        found.know([np.array(known, np.uint64)])
        assert found.missing() == set(wanted) - set(known)
