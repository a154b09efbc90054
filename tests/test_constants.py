"""Where weights come from, kept as data: what is written is read back, and what 0.2 left free is not lost."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minenetcd.constants import Provenance, TrainedOn

words = st.text(min_size=1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
fingerprints = st.from_regex(r"[0-9a-f]{1,16}", fullmatch=True)
known = st.builds(
    TrainedOn,
    words,
    words | st.none(),
    fingerprints | st.none(),
    st.integers(0) | st.none(),
    st.integers(0) | st.none(),
)


@given(known)
def test_what_was_trained_on_is_read_back(trained_on: TrainedOn) -> None:
    again = TrainedOn.read(json.loads(json.dumps(trained_on.as_json())))
    assert again is not None and str(again) == str(trained_on)


@given(st.integers(0), words, fingerprints)
def test_a_sentence_of_0_2_is_taken_apart(pairs: int, source: str, fingerprint: str) -> None:
    sentence = f"{pairs} pairs of {source} (fingerprint {fingerprint})"
    trained_on = TrainedOn.read(sentence)
    assert trained_on == TrainedOn(source, fingerprint=fingerprint, pairs=pairs) and str(trained_on) == sentence


@pytest.mark.parametrize("source", ["MineNetCD256", "3000 synthetic scenes, drawn by this package", "12 pairs of mine"])
def test_other_words_stay_words(source: str) -> None:
    assert TrainedOn.read(source) == TrainedOn(source)
    assert TrainedOn(source).as_json() == source


@given(st.dictionaries(st.sampled_from([*Provenance.__annotations__, "published", "seen"]), json_values))
def test_whatever_0_2_stored_is_read_and_comes_back(stored: dict[str, object]) -> None:
    once = Provenance.read(stored).as_json()
    again = Provenance.read(json.loads(json.dumps(once)))
    assert again.as_json() == once
    unknown = {key: value for key, value in stored.items() if key not in Provenance.__annotations__ or key == "extra"}
    assert {key: once[key] for key in unknown} == unknown


def test_what_is_written_is_plain_and_short() -> None:
    provenance = Provenance("mine", TrainedOn("levir-cd", "train", "0f3a", pairs=445), metrics={"F1": 0.5})
    assert provenance.as_json() == {
        "name": "mine",
        "trained_on": {"source": "levir-cd", "split": "train", "fingerprint": "0f3a", "pairs": 445},
        "metrics": {"F1": 0.5},
    }
    assert provenance.trained_on_in_words == "445 pairs of levir-cd (fingerprint 0f3a)"
    assert Provenance().as_json() == {"trained_on": None} and Provenance().trained_on_in_words is None
