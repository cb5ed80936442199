"""Signed tokens are bound to purpose, key and time."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core import signing
from portal.core.clock import now
from portal.core.signing import BadToken, Signer, TokenExpired

HOUR = timedelta(hours=1)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
quick = settings(max_examples=60, deadline=None)


@quick
@given(json)
def test_reads_what_it_signed(payload: signing.Payload) -> None:
    signer = Signer(["k" * 32])
    assert signer.unsign("invite", signer.sign("invite", payload, HOUR)) == payload


@quick
@given(st.data())
def test_no_change_goes_unnoticed(data: st.DataObject) -> None:
    signer = Signer(["k" * 32])
    token = signer.sign("invite", {"user": 7}, HOUR)
    place = data.draw(st.integers(0, len(token) - 2))  # the last character has spare bits
    letter = data.draw(st.sampled_from("abcdefgXYZ0189-_.").filter(lambda c: c != token[place]))
    with pytest.raises(BadToken):
        signer.unsign("invite", token[:place] + letter + token[place + 1 :])


@pytest.mark.parametrize("token", ["", ".", "a.b", "é", "null", "x" * 10_000])
def test_rubbish_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        Signer(["k" * 32]).unsign("invite", token)


def test_of_another_purpose_is_refused() -> None:
    signer = Signer(["k" * 32])
    with pytest.raises(BadToken):
        signer.unsign("reset", signer.sign("invite", 7, HOUR))


def test_ends_when_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer(["k" * 32])
    token = signer.sign("invite", 7, HOUR)
    later = now() + timedelta(minutes=59)
    monkeypatch.setattr(signing, "now", lambda: later)
    assert signer.unsign("invite", token) == 7
    after = later + timedelta(minutes=2)
    monkeypatch.setattr(signing, "now", lambda: after)
    with pytest.raises(TokenExpired):
        signer.unsign("invite", token)


def test_keys_rotate_without_anybody_noticing() -> None:
    old, both = Signer(["o" * 32]), Signer(["n" * 32, "o" * 32])
    assert both.unsign("invite", old.sign("invite", 7, HOUR)) == 7
    with pytest.raises(BadToken):
        old.unsign("invite", both.sign("invite", 7, HOUR))
    assert old.macs("csrf", b"x")[0] in both.macs("csrf", b"x")
    assert both.macs("csrf", b"x")[0] not in old.macs("csrf", b"x")


def test_codes_of_two_purposes_differ() -> None:
    signer = Signer(["k" * 32])
    assert signer.macs("csrf", b"x") != signer.macs("gate", b"x")


def test_needs_a_key() -> None:
    with pytest.raises(ValueError, match="key"):
        Signer([])
