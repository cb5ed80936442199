"""A sealed value opens in its own place with any key in force, and nowhere else."""

import base64
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.crypto import Keyring, NotAuthentic, Place, UnknownKey, key_id, keyring_of

OLD, NEW, OTHER = (bytes([n]) * 16 + bytes(range(n, n + 16)) for n in (1, 2, 3))
TENANT, ROW = uuid.UUID(int=1), uuid.UUID(int=2)
HOME = Place("clients", "tax_id_sealed", TENANT, ROW)

texts = st.text(max_size=200)
quick = settings(max_examples=60, deadline=None)


@quick
@given(texts)
def test_opens_in_its_place(text: str) -> None:
    ring = Keyring([NEW])
    assert ring.unseal(ring.seal(text, HOME), HOME) == text


@quick
@given(texts)
def test_the_same_text_never_looks_the_same(text: str) -> None:
    ring = Keyring([NEW])
    one, two = ring.seal(text, HOME), ring.seal(text, HOME)
    assert one != two
    assert one.startswith(f"1.{key_id(NEW)}.")
    if len(text) > 3:
        assert text not in one


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place("contacts", "tax_id_sealed", TENANT, ROW),
        Place("clients", "vat_id_sealed", TENANT, ROW),
        Place("clients", "tax_id_sealed", ROW, ROW),
        Place("clients", "tax_id_sealed", TENANT, TENANT),
        Place("clients", "tax_id_sealed", ROW, TENANT),
        Place("clientst", "ax_id_sealed", TENANT, ROW),
    ],
)
def test_does_not_open_elsewhere(elsewhere: Place) -> None:
    ring = Keyring([NEW])
    with pytest.raises(NotAuthentic):
        ring.unseal(ring.seal("DE123456789", HOME), elsewhere)


@quick
@given(st.data())
def test_no_changed_bit_goes_unnoticed(data: st.DataObject) -> None:
    ring = Keyring([NEW])
    head, body = ring.seal("DE123456789", HOME).rsplit(".", 1)
    raw = bytearray(base64.urlsafe_b64decode(body))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(NotAuthentic):
        ring.unseal(f"{head}.{base64.urlsafe_b64encode(raw).decode()}", HOME)


@quick
@given(st.text(max_size=60))
def test_rubbish_is_refused_by_type(text: str) -> None:
    with pytest.raises((NotAuthentic, UnknownKey)):
        Keyring([NEW]).unseal(text, HOME)
    with pytest.raises(NotAuthentic):
        Keyring([NEW]).unseal(f"1.{key_id(NEW)}.{text}", HOME)


def test_a_cut_value_is_refused() -> None:
    ring = Keyring([NEW])
    sealed = ring.seal("DE123456789", HOME)
    for length in range(len(sealed)):
        with pytest.raises((NotAuthentic, UnknownKey)):
            ring.unseal(sealed[:length], HOME)


def test_an_older_key_still_opens_and_the_newest_seals() -> None:
    sealed = Keyring([OLD]).seal("secret", HOME)
    both = Keyring([NEW, OLD])
    assert both.unseal(sealed, HOME) == "secret"
    assert not sealed.startswith(both.prefix)
    assert both.seal("secret", HOME).startswith(both.prefix)


def test_a_dropped_key_is_named() -> None:
    sealed = Keyring([OLD]).seal("secret", HOME)
    with pytest.raises(UnknownKey, match=key_id(OLD)) as caught:
        Keyring([NEW, OTHER]).unseal(sealed, HOME)
    assert "secret" not in str(caught.value)


def test_a_value_relabelled_to_another_key_is_refused() -> None:
    sealed = Keyring([OLD]).seal("secret", HOME)
    with pytest.raises(NotAuthentic):
        Keyring([NEW, OLD]).unseal(sealed.replace(key_id(OLD), key_id(NEW)), HOME)


@pytest.mark.parametrize("keys", [[], [b"short"], [NEW, b""]])
def test_a_ring_needs_whole_keys(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Keyring(keys)


def test_a_ring_is_made_once_for_each_list() -> None:
    assert keyring_of((NEW, OLD)) is keyring_of((NEW, OLD))
