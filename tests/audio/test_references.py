from __future__ import annotations

import numpy as np

from voicegraph.audio.references import References
from voicegraph.core.sound import Pcm


async def test_a_recording_goes_to_its_own_call_and_to_none_that_is_over() -> None:
    references, taken = References(), list[Pcm]()
    references.open("one", taken.append)
    assert references.give("one", np.ones(3, np.int16))
    assert not references.give("two", np.ones(4, np.int16))
    references.shut("one")
    assert not references.give("one", np.ones(5, np.int16))
    assert [len(pcm) for pcm in taken] == [3]
