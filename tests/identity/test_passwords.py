import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from portal.identity import passwords
from portal.identity.passwords import PasswordRefused

OWN = ("Sam Bright", "sam", "brightdental")


@pytest.mark.parametrize(
    "password",
    ["portal-demo-2026", "correct horse battery", "lila Kreide, nasser Hund", "x7!qLp0aZ%rT", "пароль для портала"],
)
def test_long_enough_and_not_guessable_is_all_it_takes(password: str) -> None:
    passwords.check_new(password, OWN)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevenchars", passwords.TOO_SHORT),
        ("e" * 1001, passwords.TOO_LONG),
        ("password1234", passwords.COMMON),
        ("Password123!", passwords.COMMON),
        ("P@ssw0rd2024", passwords.COMMON),
        ("!!international!!", passwords.COMMON),
        ("passwordpassword", passwords.COMMON),
        ("abcabcabcabc", passwords.COMMON),
        ("aaaaaaaaaaaaaaaa", passwords.COMMON),
        ("123456789012", passwords.COMMON),
        ("qwertyuiopqwertyuiop", passwords.COMMON),
        ("zyxwvutsrqponm", passwords.COMMON),
        ("q1w2e3r4t5y6", passwords.COMMON),
        ("sambright2026", passwords.OWN),
        ("BrightDental!26", passwords.OWN),
    ],
)
def test_what_attackers_try_first_is_refused(password: str, why: str) -> None:
    with pytest.raises(PasswordRefused) as refused:
        passwords.check_new(password, OWN)
    assert refused.value.faults == [why]


def test_length_counts_what_is_kept() -> None:
    """A letter written as two code points is one character, on setting as on checking."""
    decomposed = "u\u0308" * 6
    with pytest.raises(PasswordRefused):
        passwords.check_new(decomposed)
    assert passwords.verify("ü" * 12, passwords.hash_password("u\u0308" * 12))


def test_hashes_are_argon2id_with_the_recommended_cost() -> None:
    found = extract_parameters(passwords.hash_password("portal-demo-2026"))
    assert (found.type, found.memory_cost, found.time_cost, found.parallelism) == (Type.ID, 19 * 1024, 2, 1)
    assert (found.hash_len, found.salt_len) == (32, 16)


def test_only_the_password_verifies() -> None:
    hashed = passwords.hash_password("portal-demo-2026")
    assert passwords.verify("portal-demo-2026", hashed)
    assert not passwords.verify("portal-demo-2025", hashed)
    assert not passwords.verify("portal-demo-2026", "not a hash")
    assert not passwords.verify("the password of nobody", None)


def test_a_hash_of_lower_cost_is_outdated() -> None:
    assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x"))
    assert not passwords.is_outdated(passwords.hash_password("x"))
