"""Replies that appear by themselves, cheaply."""

import pytest

from tests.tickets.test_talking import DESK, PAGE, reply, say
from tests.world import SAM, TECH


def weight(answer):
    """Bytes of an answer on the wire: status line, headers, body."""
    head = sum(len(f"{name}: {value}\r\n") for name, value in answer.headers.items())
    return len("HTTP/1.1 204 NO CONTENT\r\n\r\n") + head + len(answer.text.encode())


def poll_url(page):
    return page.dom.select_one("#ticket-poll")["hx-get"]


@pytest.mark.parametrize(("person", "path"), [(SAM, PAGE), (TECH, DESK)])
def test_nothing_new_is_nearly_nothing(visit, statements, person, path):
    visitor = visit(person)
    url = poll_url(visitor.get(path))

    with statements() as sent:
        answer = visitor.get(url, part=True)

    assert (answer.status, answer.text) == (204, "")
    assert weight(answer) < 300
    assert len(sent) == 2


def test_news_bring_only_what_is_new(visit):
    sam, tech = visit(SAM), visit(TECH)
    url = poll_url(sam.get(PAGE))
    reply(tech, "Try again now.")

    news = sam.get(url, part=True)

    assert news.status == 200
    assert [each.get_text(strip=True) for each in news.dom.select(".letter__text")] == ["Try again now."]
    assert "Waiting for you" in news.dom.select_one("hx-partial[hx-target='#ticket-head']").get_text()
    assert sam.get(poll_url(news), part=True).status == 204


def test_the_staff_hear_of_notes_and_letters(visit):
    sam, tech = visit(SAM), visit(TECH)
    url = poll_url(tech.get(DESK))
    reply(tech, "Between us", box="notes")
    say(sam, "And from me")

    news = tech.get(url, part=True)

    assert [each.get_text(strip=True) for each in news.dom.select(".letter__text")] == ["Between us", "And from me"]
    assert len(news.dom.select(".letter--note")) == 1


def test_without_htmx_the_address_leads_to_the_ticket(visit):
    sam = visit(SAM)

    answer = sam.get(f"{PAGE}/updates?seen=0")

    assert answer.status == 303
    assert answer.headers["Location"] == PAGE


@pytest.mark.parametrize("seen", ["", "x", "-1", "99999999999999999999", "٣"])
def test_nonsense_as_the_version_seen_is_no_news(visit, seen):
    assert visit(SAM).get(f"{PAGE}/updates?seen={seen}", part=True).status == 204


def test_polling_ends_with_the_ticket(visit):
    sam, tech = visit(SAM), visit(TECH)
    url = poll_url(sam.get(PAGE))
    tech.submit(DESK, "/resolution")

    news = sam.get(url, part=True)

    assert not news.dom.select_one("#ticket-poll").has_attr("hx-get")
