"""New ids are ordered, unique across forks, and plain UUIDs of version 7."""

import os
import uuid

from portal.core.ids import new_id


def test_is_a_plain_uuid_of_version_7() -> None:
    made = new_id()
    assert type(made) is uuid.UUID
    assert made.version == 7
    assert made.variant == uuid.RFC_4122


def test_later_ids_sort_later() -> None:
    made = [new_id() for _ in range(5_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_forked_children_draw_different_ids() -> None:
    new_id()
    drawn: set[str] = set()
    for _ in range(4):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(write, " ".join(str(new_id())[14:] for _ in range(50)).encode())
            os._exit(0)
        os.waitpid(child, 0)
        os.close(write)
        with os.fdopen(read) as pipe:
            drawn.update(pipe.read().split())
    assert len(drawn) == 200
