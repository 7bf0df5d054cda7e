from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicegraph.core.backchannels import BACKCHANNELS, BY_LANGUAGE, is_backchannel
from voicegraph.core.endpoint import plain


@pytest.mark.parametrize(
    "said",
    [
        "Uh-huh.",
        "Mm-hmm.",
        "Mmmm.",
        "Yeah, yeah, okay.",
        "Okay. Right.",
        "I see.",
        "Ach so, ja.",
        "Ja, genau.",
        "Alles klar!",
        "Oui, d’accord.",
        "Tout à fait.",
        "Sí, claro que sí.",
        "Vale, vale.",
        "Sì, sì, ho capito.",
        "Pois é.",
        "Tá bom.",
    ],
)
def test_sounds_of_listening(said: str) -> None:
    assert is_backchannel(said, BACKCHANNELS)


@pytest.mark.parametrize(
    "said", ["", "No.", "Wait.", "Stop.", "Yeah, but why?", "Okay stop", "What?", "Nein.", "Non, attends.", "Espera.", "Aspetta.", "I"]
)
def test_what_wants_the_floor(said: str) -> None:
    assert not is_backchannel(said, BACKCHANNELS)


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "pt"])
def test_every_language_has_its_own(language: str) -> None:
    assert len(BY_LANGUAGE[language].split(",")) > 10


def test_they_are_written_as_they_are_compared() -> None:
    assert {plain(each) for each in BACKCHANNELS} == BACKCHANNELS


def test_a_graph_may_have_others() -> None:
    assert is_backchannel("Hört, hört!", {"hört"})
    assert not is_backchannel("Okay.", {"hört"})


@given(st.lists(st.sampled_from(sorted(BACKCHANNELS)), min_size=1, max_size=6))
def test_any_row_of_them_is_one(phrases: list[str]) -> None:
    assert is_backchannel(", ".join(phrases), BACKCHANNELS)
