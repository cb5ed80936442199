import uuid

import pytest
from sqlalchemy.exc import IntegrityError

from portal.core.events import reasons


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("could not reach smtp://mailer:hunter2@mail.example:587", "hunter2"),
        ("refused for dana@brightdental.example", "dana@brightdental.example"),
        ("password=hunter2 was wrong", "hunter2"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ("api_key: sk_live_1", "sk_live_1"),
        ("token 4f9a1c0d8e7b6a5f4e3d2c1b0a998877 expired", "4f9a1c0d8e7b6a5f4e3d2c1b0a998877"),
        ("got whsec_9mJq2nB4vT7xKz1LpQ8rW5", "9mJq2nB4vT7xKz1LpQ8rW5"),
    ],
)
def test_secrets_and_addresses_are_hidden(text: str, hidden: str) -> None:
    assert hidden not in reasons.redacted(text)


def test_ids_and_plain_words_stay() -> None:
    row = str(uuid.uuid4())
    assert reasons.redacted(f"no ticket {row} in board Support") == f"no ticket {row} in board Support"


def test_it_is_one_line_without_control_characters() -> None:
    assert reasons.redacted("first\r\nsecond\x1b[31m red\u2028third") == "first second [31m red third"


def test_a_database_error_is_told_without_statement_and_values() -> None:
    error = IntegrityError("INSERT INTO users VALUES (%(email)s)", {"email": "sam@x.example"}, Exception("boom secret"))
    told = reasons.reason(error)
    assert "INSERT" not in told
    assert "sam@x" not in told
    assert told.startswith("IntegrityError: ")


def test_it_is_cut_to_size() -> None:
    told = reasons.reason(ValueError("word " * 1000))
    assert len(told) <= reasons.LONGEST
    assert told.endswith("…")
