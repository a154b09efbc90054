"""The rule by which verdicts become a mask, on any shapes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from minenetcd.constants import UNKNOWN
from minenetcd.labelling.learning.training_mask import Claims, background, cut_away, training_mask

SHAPE = (12, 14)
somewhere = arrays(np.bool_, SHAPE, elements=st.booleans(), fill=st.just(False))
probabilities = arrays(np.float32, SHAPE, elements=st.one_of(st.just(np.nan), st.floats(0, 1, width=32)))


@st.composite
def claims(draw: st.DrawFn) -> Claims:
    edited = draw(somewhere)
    return Claims(
        accepted=draw(somewhere) | edited,
        rejected=draw(somewhere),
        undecided=draw(somewhere),
        before_edits=draw(somewhere),
        edited=edited,
    )


@given(claims())
def test_nothing_is_unchanged_that_nobody_said_to_be(said: Claims) -> None:
    mask = training_mask(said)
    assert set(np.unique(mask)) <= {0, 1, UNKNOWN}
    assert not ((mask == 0) & ~(said.rejected | said.before_edits)).any()
    assert (mask[~said.any] == UNKNOWN).all()


@given(claims())
def test_change_is_what_was_accepted_and_not_rejected(said: Claims) -> None:
    assert np.array_equal(training_mask(said) == 1, said.accepted & ~said.rejected)


@given(claims())
def test_contradictions_and_what_is_undecided_are_not_known(said: Claims) -> None:
    mask = training_mask(said)
    assert (mask[said.accepted & said.rejected] == UNKNOWN).all()
    assert (mask[said.undecided & ~said.accepted] == UNKNOWN).all()


@given(claims())
def test_a_rejected_polygon_alone_is_unchanged(said: Claims) -> None:
    alone = said.rejected & ~said.accepted & ~said.undecided
    assert (training_mask(said)[alone] == 0).all()


@given(claims())
def test_what_an_edit_cut_away_is_unchanged_but_for_a_rim(said: Claims) -> None:
    away = cut_away(said)
    assert not (away & ~said.before_edits).any()
    if said.edited.any():
        apart = distance_transform_edt(~said.edited) > 1.5  # beside and across corners is the rim
        assert np.array_equal(away, said.before_edits & apart)
    else:
        assert np.array_equal(away, said.before_edits)


@given(
    claims(),
    arrays(np.float32, SHAPE, elements=st.one_of(st.just(np.nan), st.floats(0, 1, width=32))),
    st.integers(0, 5),
)
def test_ground_is_far_from_polygons_and_far_below_the_threshold(
    said: Claims, probability: NDArray[np.float32], distance: int
) -> None:
    sure = background(said, probability, below=0.25, distance=distance)
    assert (probability[sure] < 0.25).all() and not (sure & said.any).any()
    if said.any.any():
        assert (distance_transform_edt(~said.any)[sure] > distance).all()
        far = distance_transform_edt(~said.any) > distance
        assert sure[far & (probability < 0.25)].all()
    mask = training_mask(said, sure)
    assert (mask[sure] == 0).all()
    others = ~sure
    assert np.array_equal(mask[others], training_mask(said)[others])
