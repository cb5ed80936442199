"""What a form brings is kept, or the person is told which file, why, and what to do."""

import pytest
from sqlalchemy import select

from portal.core.ids import new_id
from portal.core.storage import StorageFull, StorageUnavailable, blobs
from portal.core.storage.local import LocalBlobs
from portal.core.tenancy.scope import NoScope, Reach, Scope, entered
from portal.files import staging
from portal.files.models import StagedFile
from portal.files.uploads import ORDINARY, Limits, collect
from tests.files.conftest import photo, upload
from tests.world import DELTA_SAM, NOAH, SAM, TECH

SMALL = Limits(file_bytes=1000, total_bytes=2000, count=3)
FORM = new_id()


def names(taken):
    return [each.name for each in taken.files]


def staged(acting, person, form_key=FORM):
    with acting(person) as session:
        rows = session.scalars(select(StagedFile).where(StagedFile.form_key == form_key).order_by(StagedFile.id))
        return [row.name for row in rows]


def test_good_files_are_kept_in_order(acting):
    with acting(SAM):
        taken = collect(FORM, [upload(b"log", "app.log"), upload(photo(), "IMG_1.PNG"), upload(b"%PDF-1.7", "bill")])
        assert taken.problems == []
        assert [(each.name, each.content_type, each.size) for each in taken.files] == [
            ("app.log", "text/plain", 3),
            ("IMG_1.jpg", "image/jpeg", len(photo())),
            ("bill.pdf", "application/pdf", 8),
        ]
        assert b"".join(blobs().open(SAM.tenant_id, taken.files[0].blob_key)) == b"log"


def test_an_empty_chooser_brings_nothing(acting):
    with acting(SAM):
        for nothing in (None, [], [upload(b"", "")]):
            taken = collect(FORM, nothing)
            assert (taken.files, taken.problems) == ([], [])


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"x" * 1001, "big.txt", "“big.txt” is over"),
        (b"", "empty.txt", "“empty.txt” is empty"),
        (b"MZ\x90\x00", "virus.exe", "We can't take “virus.exe”"),
        (b"<svg/>", "logo.png", "“logo.png” isn't inside what its name says"),
        (b"x", "../../<b>\u202egpj.exe", "We can't take “_b_gpj.exe”"),
    ],
)
def test_the_person_is_told_which_and_why_and_the_rest_is_kept(acting, content, name, words):
    with acting(SAM):
        taken = collect(FORM, [upload(b"good"), upload(content, name)], limits=SMALL)
        assert names(taken) == ["notes.txt"]
        [problem] = taken.problems
        assert words in problem
        assert taken.status == 422


def test_all_together_have_a_limit(acting):
    with acting(SAM):
        three = [upload(b"x" * 900, f"{number}.txt") for number in range(3)]
        taken = collect(FORM, three, limits=SMALL)
        assert names(taken) == ["0.txt", "1.txt"]
        assert "With “2.txt” the files here would be over" in taken.problems[0]
        assert names(collect(FORM, [upload(b"x" * 900)], limits=SMALL, used_bytes=1200)) == []
        assert names(collect(FORM, [upload(b"x" * 800)], limits=SMALL, used_bytes=1200)) == ["notes.txt"]


def test_so_many_at_a_time(acting):
    with acting(SAM):
        taken = collect(FORM, [upload(b"x", f"{number}.txt") for number in range(9)], limits=SMALL)
        assert names(taken) == ["0.txt", "1.txt", "2.txt"]
        assert "“3.txt”, “4.txt”, “5.txt” and 3 more" in taken.problems[0]


def test_the_declared_size_is_not_believed(acting):
    liar = upload(b"x" * 1001)
    liar.headers["Content-Length"] = "5"
    with acting(SAM):
        assert "is over" in collect(FORM, [liar], limits=SMALL).problems[0]


@pytest.mark.parametrize(
    ("fault", "words"), [(StorageFull, "no room for files"), (StorageUnavailable, "couldn't keep")]
)
def test_a_storage_that_fails_is_our_fault_and_said_so(acting, monkeypatch, fault, words):
    def fail(*_args, **_more):
        raise fault

    monkeypatch.setattr(LocalBlobs, "put", fail)
    with acting(SAM):
        taken = collect(FORM, [upload(b"one"), upload(b"two")])
        assert taken.files == []
        assert taken.status == 507
        [problem] = taken.problems
        assert words in problem


def test_a_refused_form_finds_its_files_again(acting):
    with acting(SAM):
        first = collect(FORM, [upload(b"one", "one.txt"), upload(b"two", "two.txt")])
        first.stage()
        ids = [str(each.id) for each in first.files]
    with acting(SAM):
        second = collect(FORM, [upload(b"three", "three.txt")], keep=ids)
        assert names(second) == ["one.txt", "two.txt", "three.txt"]
        assert [each.is_staged for each in second.files] == [True, True, False]
        second.stage()
    assert staged(acting, SAM) == ["one.txt", "two.txt", "three.txt"]
    with acting(SAM):
        third = collect(FORM, None, keep=[str(each.id) for each in second.files])
        assert names(third) == ["one.txt", "two.txt", "three.txt"]
        third.consume()
    assert staged(acting, SAM) == []


def test_what_is_unticked_is_let_go(acting):
    with acting(SAM):
        first = collect(FORM, [upload(b"one", "one.txt"), upload(b"two", "two.txt")])
        first.stage()
    with acting(SAM):
        assert names(collect(FORM, None, keep=[str(first.files[1].id)])) == ["two.txt"]
    assert staged(acting, SAM) == ["two.txt"]


def test_staged_files_count_towards_the_limits(acting):
    with acting(SAM):
        first = collect(FORM, [upload(b"x" * 900, "a.txt"), upload(b"x" * 900, "b.txt")], limits=SMALL)
        first.stage()
    with acting(SAM):
        again = collect(FORM, [upload(b"x" * 900, "c.txt")], keep=[str(each.id) for each in first.files], limits=SMALL)
        assert names(again) == ["a.txt", "b.txt"]
        assert "“c.txt”" in again.problems[0]


@pytest.mark.parametrize("stranger", [NOAH, DELTA_SAM, TECH], ids=["other client", "other tenant", "staff"])
def test_nobody_else_finds_them(acting, stranger):
    with acting(SAM):
        first = collect(FORM, [upload(b"secret", "secret.txt")])
        first.stage()
        ids = [str(each.id) for each in first.files]
    with acting(stranger):
        assert collect(FORM, None, keep=ids).files == []
    with acting(stranger):
        staging.forget(FORM)
    assert staged(acting, SAM) == ["secret.txt"]


def test_two_forms_of_a_person_do_not_mix(acting):
    with acting(SAM):
        first = collect(FORM, [upload(b"one", "one.txt")])
        first.stage()
    other = new_id()
    with acting(SAM):
        assert collect(other, None, keep=[str(first.files[0].id)]).files == []
    assert staged(acting, SAM) == ["one.txt"]


@pytest.mark.parametrize("nonsense", ["", "x", "'; drop table", "0" * 32, "\x00"])
def test_nonsense_is_no_file(acting, nonsense):
    with acting(SAM):
        assert collect(FORM, None, keep=[nonsense]).files == []


def test_after_a_day_they_are_gone(acting, system, monkeypatch):
    with acting(SAM):
        first = collect(FORM, [upload(b"one", "one.txt")])
        first.stage()
    later = staging.clock.now() + staging.WAIT
    monkeypatch.setattr(staging.clock, "now", lambda: later)
    with acting(SAM):
        assert collect(FORM, None, keep=[str(first.files[0].id)]).files == []
    with system() as session:
        staging.sweep(None)
        assert session.scalars(select(StagedFile)).all() == []


def test_the_sweep_leaves_what_still_waits(acting, system):
    with acting(SAM):
        collect(FORM, [upload(b"one", "one.txt")]).stage()
    with system():
        staging.sweep(None)
    assert staged(acting, SAM) == ["one.txt"]


def test_a_persons_oldest_forms_give_way(acting, monkeypatch):
    monkeypatch.setattr(staging, "MOST_BYTES", 2500)
    forms = [new_id() for _ in range(3)]
    for number, form in enumerate(forms):
        with acting(SAM):
            collect(form, [upload(b"x" * 1000, f"{number}.txt")]).stage()
    assert [staged(acting, SAM, form) for form in forms] == [[], ["1.txt"], ["2.txt"]]


def test_a_stranger_has_nothing_waiting(app):
    gate = Scope(tenant_id=SAM.tenant_id, reach=Reach.GATE)
    with app.test_request_context(), entered(gate), pytest.raises(NoScope):
        collect(FORM, None)


def test_a_whole_request_has_room_for_the_files_and_a_little_more():
    assert ORDINARY.total_bytes < ORDINARY.body_bytes < ORDINARY.total_bytes * 1.2
