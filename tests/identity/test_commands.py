"""`flask tenant` and `flask user`, as an operator types them."""

from flask import Flask
from sqlalchemy import update

from portal.identity.models import Role
from tests.identity.steps import System, Visit, try_in
from tests.jobs import sent, work_off

GOOD = "four words of no relation"


def test_from_nothing_to_a_console_that_opens(app: Flask, visit: Visit) -> None:
    runner = app.test_cli_runner()
    made = runner.invoke(args=["tenant", "create", "orbit", "Orbit GmbH", "--support-email", "help@orbit.example"])
    assert made.exit_code == 0, made.output
    assert "http://orbit.localhost" in made.output
    boss = ["user", "create", "orbit", "boss@orbit.example", "Bo Orbit", "--password-stdin"]
    added = runner.invoke(args=boss, input=f"{GOOD}\n")
    assert added.exit_code == 0, added.output
    assert GOOD not in added.output
    somebody = visit(host="orbit")
    assert try_in(somebody, "msp", "boss@orbit.example", GOOD).status == 303
    assert "help@orbit.example" in visit(host="orbit").get("/auth/client-portal/signin")


def test_what_goes_wrong_is_one_line_and_an_exit_code(app: Flask) -> None:
    runner = app.test_cli_runner()
    boss = ["user", "create", "harbor", "boss@harbor.example", "Bo Boss", "--password-stdin"]
    for args, typed, words in (
        (["tenant", "create", "harbor", "Harbor again"], "", "there is a tenant harbor already"),
        (["tenant", "create", "Har bor", "Harbor"], "", "can't be part of a host's name"),
        (["tenant", "provision", "nowhere"], "", "there is no tenant nowhere"),
        (["user", "create", "nowhere", "a@b.example", "A", "--password-stdin"], GOOD, "there is no tenant nowhere"),
        (boss, "short", "Use at least 12 characters."),
        (["user", "create", "harbor", "admin@harbor.example", "A", "--password-stdin"], GOOD, "there is a user"),
        (["user", "create", "harbor", "nobody", "A", "--password-stdin"], GOOD, "no mail address"),
    ):
        done = runner.invoke(args=args, input=f"{typed}\n")
        assert done.exit_code == 1, args
        assert words in done.output
        assert "Traceback" not in done.output


def test_a_missing_role_stops_the_command_and_provisioning_mends_it(app: Flask, visit: Visit, system: System) -> None:
    runner = app.test_cli_runner()
    with system() as session:
        session.execute(update(Role).where(Role.key == "administrator").values(key=None, name="Old"))
    boss = ["user", "create", "harbor", "boss@harbor.example", "Bo Boss", "--password-stdin"]
    done = runner.invoke(args=boss, input=f"{GOOD}\n")
    assert done.exit_code == 1
    assert "flask tenant provision" in done.output
    assert try_in(visit(), "msp", "boss@harbor.example", GOOD).status == 422
    assert runner.invoke(args=["tenant", "provision", "harbor"]).exit_code == 0
    assert runner.invoke(args=boss, input=f"{GOOD}\n").exit_code == 0
    assert try_in(visit(), "msp", "boss@harbor.example", GOOD).status == 303


def test_people_are_invited_and_get_their_mail(app: Flask) -> None:
    runner = app.test_cli_runner()
    for args in (
        ["user", "invite", "harbor", "new@harbor.example", "Nora New", "--role", "dispatcher"],
        ["user", "invite", "harbor", "lab@brightdental.example", "Lars Lab", "--client", "10001"],
    ):
        done = runner.invoke(args=args)
        assert done.exit_code == 0, done.output
    work_off(app)
    told = {mail["To"].rpartition("<")[2].rstrip(">") for mail in sent(app)}
    assert told >= {"new@harbor.example", "lab@brightdental.example"}
    for args, words in (
        (["user", "invite", "harbor", "x@y.example", "X", "--client", "4711"], "there is no client 4711"),
        (["user", "invite", "harbor", "admin@harbor.example", "Ada"], "there is a user"),
    ):
        done = runner.invoke(args=args)
        assert (done.exit_code, words in done.output, "Traceback" in done.output) == (1, True, False), done.output
