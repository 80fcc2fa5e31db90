"""Fingerprints travel as JSON and come back the same; anything else is refused in one sentence."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.errors import UserMistake
from zaoguang.fingerprint import Fingerprint, Pdq, PictureFrame, Reason, Unhashable, from_json, to_json

pdqs = st.binary(min_size=32, max_size=32).map(Pdq)
frames = st.builds(
    lambda number, pdq, quality, on_black: PictureFrame(number, pdq, quality, on_black, (pdq,) * 8),
    st.integers(1, 4096),
    pdqs,
    st.integers(50, 100),
    st.none() | pdqs,
)
fingerprints = st.builds(
    lambda variants, on_black, quality, sha256, width, height, rest, partial: Fingerprint(
        *("image", variants[0], quality, sha256.hex(), width, height, on_black, tuple(variants)),
        (PictureFrame(0, variants[0], quality, on_black, tuple(variants)), *rest) if rest else (),
        partial,
    ),
    st.lists(pdqs, min_size=8, max_size=8),
    st.none() | pdqs,
    st.integers(50, 100),
    st.binary(min_size=32, max_size=32),
    st.integers(1, 1 << 20),
    st.integers(1, 1 << 20),
    st.lists(frames, max_size=63, unique_by=lambda frame: frame.number),
    st.booleans(),
)
unhashables = st.sampled_from([reason for reason in Reason if reason is not Reason.LOW_QUALITY]).map(
    Unhashable
) | st.builds(lambda pdq, q: Unhashable(Reason.LOW_QUALITY, pdq=pdq, quality=q), pdqs, st.integers(0, 49))


@given(fingerprints | unhashables)
def test_there_and_back(known: Fingerprint | Unhashable) -> None:
    assert from_json(to_json(known)) == known


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_one_sentence(reason: Reason) -> None:
    sentence = Unhashable(reason).sentence
    assert sentence.endswith(".")
    assert "{" not in sentence


HASHES = (Pdq(bytes(32)), 90, None, (Pdq(bytes(32)),) * 8)
GOOD = to_json(
    Fingerprint(
        *("image", Pdq(bytes(32)), 90, "0" * 64, 4, 3, None, (Pdq(bytes(32)),) * 8),
        (PictureFrame(0, *HASHES), PictureFrame(7, *HASHES)),
        partial=True,
    )
)
FRAMES: list[dict[str, object]] = GOOD["frames"]  # type: ignore[assignment]  # it is, see above


@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: good | {"kind": "video"},
        lambda good: good | {"pdq": 7},
        lambda good: good | {"pdq": "f" * 64},
        lambda good: good | {"quality": 101},
        lambda good: good | {"quality": 49},
        lambda good: good | {"quality": True},
        lambda good: good | {"quality": 90.0},
        lambda good: good | {"sha256": "F" * 64},
        lambda good: good | {"width": 0},
        lambda good: good | {"height": 1 << 40},
        lambda good: good | {"variants": ["0" * 64] * 8},
        lambda good: good | {"variants": {"original": "0" * 64}},
        lambda good: good | {"on_black": None},
        lambda good: good | {"extra": 1},
        lambda good: good | {"partial": False},
        lambda good: good | {"frames": None},
        lambda good: good | {"frames": []},
        lambda good: good | {"frames": FRAMES[:1]},
        lambda good: good | {"frames": [FRAMES[0], None]},
        lambda good: good | {"frames": [FRAMES[0], FRAMES[0]]},
        lambda good: good | {"frames": [FRAMES[0], FRAMES[1] | {"number": -1}]},
        lambda good: good | {"frames": [FRAMES[0], FRAMES[1] | {"seconds": 1}]},
        lambda good: good | {"frames": [FRAMES[0], FRAMES[1] | {"quality": 49}]},
        lambda good: good | {"frames": [FRAMES[0] | {"quality": 91}, FRAMES[1]]},
        lambda good: good | {"frames": [FRAMES[0], *(FRAMES[1] | {"number": number} for number in range(1, 65))]},
        lambda good: {name: value for name, value in good.items() if name != "sha256"},
        lambda good: good | {"unhashable": "blank"},
        lambda _: {"unhashable": "ugly"},
        lambda _: {"unhashable": ["blank"]},
        lambda _: {"unhashable": "blank", "pdq": "0" * 64},
        lambda _: {"unhashable": "low_quality"},
        lambda _: [],
        lambda _: None,
    ],
)
def test_anything_else_is_refused(spoil: Callable[[dict[str, object]], object]) -> None:
    assert isinstance(from_json(GOOD), Fingerprint)
    with pytest.raises(UserMistake):
        from_json(spoil(dict(GOOD)))
