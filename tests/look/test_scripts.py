"""The few scripts, each tried in a browser against what it promises."""

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.look.bare import Trial

pytestmark = pytest.mark.browser


def fill(page: Page, body: str = "The VPN drops.") -> None:
    page.get_by_label("What happened?").fill(body)


def send(page: Page) -> None:
    page.get_by_role("button", name="Send reply").click()


class TestOnce:
    def test_a_form_pressed_three_times_is_sent_once(self, page: Page, trial: Trial) -> None:
        page.goto("/try")
        fill(page)
        trial.wait.clear()
        button = page.get_by_role("button", name=re.compile("Send"))
        for _ in range(3):
            button.click(force=True)
        expect(button).to_have_text("Send replySending…")
        expect(page.locator(".btn__busy", has_text="Sending…")).to_be_visible()
        assert button.get_attribute("aria-disabled") == "true"
        trial.wait.set()
        expect(page.locator("#done")).to_have_text("The VPN drops.")
        assert len(trial.received) == 1

    def test_also_without_htmx(self, page: Page, trial: Trial) -> None:
        page.goto("/try?plain")
        fill(page)
        stopped = page.evaluate("""() => {
            const form = document.querySelector('#box form');
            let seen = 0;
            form.addEventListener('submit', () => seen++);
            for (const _ of [1, 2, 3]) form.requestSubmit();
            return seen;
        }""")
        assert stopped == 1, "the second and third press went no further"
        expect(page.locator("[data-flash=good]")).to_be_visible()
        assert len(trial.received) == 1

    def test_a_form_that_stays_begins_anew(self, page: Page, trial: Trial) -> None:
        """htmx morphs it and keeps what was typed; it was sent, so it goes."""
        page.goto("/try?stays")
        fill(page)
        chooser = page.get_by_label("Photos or files")
        chooser.set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"})
        send(page)
        expect(page.locator("[data-flash=good]")).to_be_visible()
        expect(page.get_by_label("What happened?")).to_have_value("")
        expect(page.locator(".files__item")).to_have_count(0)
        fill(page, "Another thing.")
        send(page)
        expect(page.get_by_label("What happened?")).to_have_value("")
        assert [each["files"] for each in trial.received] == [[("a.txt", 1, "text/plain")], []]

    def test_a_form_that_leads_elsewhere_stays_busy(self, page: Page, trial: Trial) -> None:
        page.goto("/try?away")
        fill(page)
        page.route("**/try/away", lambda route: route.fulfill(status=204))
        send(page)
        expect(page.locator(".btn__busy", has_text="Sending…")).to_be_visible()
        page.wait_for_timeout(300)
        page.get_by_role("button", name=re.compile("Send")).click(force=True)
        page.wait_for_timeout(300)
        assert len(trial.received) == 1


class TestTrouble:
    def test_a_refusal_is_told_at_the_form_and_keeps_the_text(self, page: Page, trial: Trial) -> None:
        page.goto("/try")
        fill(page)
        trial.status = 403
        send(page)
        expect(page.locator("#box [data-trouble]")).to_contain_text("You may not do this.")
        expect(page.get_by_label("What happened?")).to_have_value("The VPN drops.")
        trial.status = 200
        send(page)
        expect(page.locator("#done")).to_be_visible()

    def test_a_fault_names_the_number_to_quote(self, page: Page, trial: Trial) -> None:
        page.goto("/try")
        fill(page)
        trial.status = 500
        send(page)
        expect(page.locator("#box [data-trouble]")).to_contain_text("it is our fault")
        expect(page.locator("#box [data-trouble]")).to_contain_text("r1")

    def test_what_a_proxy_answers_replaces_nothing(self, page: Page) -> None:
        page.goto("/try")
        fill(page)
        page.route("**/try/send*", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
        send(page)
        expect(page.locator("#box [data-trouble]")).to_contain_text("it is our fault")
        expect(page.get_by_text("Bad gateway")).to_have_count(0)

    def test_a_dead_line_is_told_and_the_text_stays(self, page: Page, trial: Trial) -> None:
        page.goto("/try")
        fill(page)
        page.route("**/try/send*", lambda route: route.abort())
        send(page)
        expect(page.locator("#box [data-trouble]")).to_contain_text("No connection. What you typed is still here")
        expect(page.get_by_label("What happened?")).to_have_value("The VPN drops.")
        page.wait_for_timeout(2500)
        assert trial.received == [], "a form without a submission key is never sent again by itself"

    def test_a_form_that_may_is_sent_again_by_itself(self, page: Page, trial: Trial) -> None:
        page.goto("/try?retry")
        fill(page)
        tries: list[str] = []

        def once(route: Route) -> None:
            tries.append(route.request.url)
            route.abort() if len(tries) == 1 else route.continue_()

        page.route("**/try/send*", once)
        send(page)
        expect(page.locator("#box [data-trouble]")).to_contain_text("we send it as soon as the line is back")
        expect(page.locator("#done")).to_have_text("The VPN drops.")
        assert len(trial.received) == 1

    def test_reading_is_tried_again(self, page: Page, trial: Trial) -> None:
        page.goto("/try")
        tries: list[str] = []

        def once(route: Route) -> None:
            tries.append(route.request.url)
            route.abort() if len(tries) == 1 else route.continue_()

        page.route("**/try/other", once)
        page.locator("#go").click()
        expect(page.locator("#part")).to_have_text("second")
        assert len(trial.received) == 1


class TestSwaps:
    def test_title_flash_address_and_focus_follow(self, page: Page) -> None:
        page.goto("/try")
        page.locator("#go").click()
        expect(page.locator("#part")).to_have_text("second")
        expect(page).to_have_title("Other · Harbor IT")
        assert page.url.endswith("/try/other")
        assert page.evaluate("document.activeElement.id") == "go", "focus stays where it was"

    def test_success_puts_the_flash_out_of_band(self, page: Page) -> None:
        page.goto("/try")
        fill(page)
        send(page)
        expect(page.locator("#flashes [data-flash=good]")).to_contain_text("on its way")
        assert page.evaluate("document.activeElement.id") == "box", "focus goes to what replaced the form"

    def test_errors_are_swapped_in_and_take_the_focus(self, page: Page, trial: Trial) -> None:
        page.goto("/try")
        fill(page)
        trial.status = 422
        send(page)
        expect(page.locator(".summary")).to_be_focused()
        expect(page.get_by_label("What happened?")).to_have_value("The VPN drops.")
        page.locator(".summary a").click()
        expect(page.get_by_label("What is it about?")).to_be_focused()


class TestDrafts:
    def test_text_survives_a_closed_tab_and_is_gone_once_sent(self, context: BrowserContext) -> None:
        first = context.new_page()
        first.goto("/try")
        fill(first, "Half a thought")
        first.close()
        second = context.new_page()
        second.goto("/try")
        expect(second.get_by_label("What happened?")).to_have_value("Half a thought")
        expect(second.get_by_text("We kept what you typed.")).to_be_visible()
        send(second)
        expect(second.locator("#done")).to_have_text("Half a thought")
        second.goto("/try")
        expect(second.get_by_label("What happened?")).to_have_value("")

    def test_also_without_htmx(self, page: Page) -> None:
        page.goto("/try?plain")
        fill(page, "Half a thought")
        send(page)
        expect(page.locator("[data-flash=good]")).to_be_visible()
        expect(page.get_by_label("What happened?")).to_have_value("")

    def test_a_failed_plain_send_keeps_the_draft(self, page: Page, trial: Trial) -> None:
        page.goto("/try?plain")
        fill(page, "Half a thought")
        trial.status = 500
        send(page)
        page.wait_for_url("**/try/send*")
        page.goto("/try?plain")
        expect(page.get_by_label("What happened?")).to_have_value("Half a thought")

    def test_discarding(self, page: Page) -> None:
        page.goto("/try")
        fill(page, "Half a thought")
        page.reload()
        page.get_by_role("button", name="Discard it").click()
        expect(page.get_by_label("What happened?")).to_have_value("")
        page.reload()
        expect(page.get_by_label("What happened?")).to_have_value("")

    def test_nobody_else_gets_it(self, page: Page) -> None:
        page.goto("/try?person=sam")
        fill(page, "Sam's own")
        page.goto("/try?person=dana")
        expect(page.get_by_label("What happened?")).to_have_value("")
        assert page.evaluate("Object.keys(localStorage)") == []

    def test_signing_out_wipes_it(self, page: Page) -> None:
        page.goto("/try")
        fill(page, "Half a thought")
        page.locator(".who summary").click()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/try/out")
        assert page.evaluate("Object.keys(localStorage)") == []


def photo(path: Path) -> Path:
    """A photo of 3000 pixels a side and over a megabyte."""
    noise = Image.effect_noise((750, 750), 60).convert("RGB").resize((3000, 3000))
    noise.save(path, "JPEG", quality=95)
    assert path.stat().st_size > 1_000_000
    return path


class TestFiles:
    def test_choosing_adds_and_single_files_can_go(self, page: Page, trial: Trial) -> None:
        page.goto("/try")
        fill(page)
        chooser = page.get_by_label("Photos or files")
        chooser.set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"})
        expect(page.locator(".files__item")).to_have_count(1)
        chooser.set_input_files({"name": "b.txt", "mimeType": "text/plain", "buffer": b"bb"})
        expect(page.locator(".files__item")).to_have_count(2)
        page.get_by_role("button", name="Remove a.txt").click()
        expect(page.locator(".files__item")).to_have_count(1)
        send(page)
        expect(page.locator("#done")).to_be_visible()
        assert trial.received[0]["files"] == [("b.txt", 2, "text/plain")]

    def test_a_large_photo_travels_small(self, page: Page, trial: Trial, tmp_path: Path) -> None:
        page.goto("/try")
        fill(page)
        large = photo(tmp_path / "screen.JPEG")
        page.get_by_label("Photos or files").set_input_files(large)
        expect(page.locator(".files__item")).to_have_count(1)
        send(page)
        expect(page.locator("#done")).to_be_visible()
        name, size, kind = trial.received[0]["files"][0]
        assert (name, kind) == ("screen.jpg", "image/jpeg")
        assert size < large.stat().st_size / 1.3


class TestMenus:
    def test_escape_closes_and_gives_the_focus_back(self, page: Page) -> None:
        page.goto("/try")
        page.locator(".who summary").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
        assert page.evaluate("document.activeElement.localName") == "summary"

    def test_looking_elsewhere_closes(self, page: Page) -> None:
        page.goto("/try")
        page.locator(".who summary").click()
        page.locator("h1").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


class TestKeys:
    def test_walking_the_queue(self, page: Page) -> None:
        page.goto("/ui/queue")
        for key in "jj":
            page.keyboard.press(key)
        expect(page.locator("[data-row]").nth(1)).to_be_focused()
        page.keyboard.press("k")
        expect(page.locator("[data-row]").nth(0)).to_be_focused()
        expect(page.locator(".bulk")).to_be_hidden()
        page.keyboard.press("x")
        expect(page.locator("[name=ticket]").first).to_be_checked()
        expect(page.locator(".bulk")).to_be_visible()
        page.keyboard.press("/")
        expect(page.locator("[data-search]")).to_be_focused()
        page.keyboard.type("jx")
        expect(page.locator("[data-search]")).to_have_value("jx")

    def test_enter_opens_the_marked_row(self, page: Page) -> None:
        page.goto("/ui/queue")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/ui/desk")
        page.keyboard.press("r")
        expect(page.get_by_label("Write a reply")).to_be_focused()

    def test_they_can_be_turned_off(self, page: Page) -> None:
        page.goto("/ui/queue")
        page.get_by_label("Use shortcuts").uncheck()
        page.locator("h1").click()
        page.keyboard.press("j")
        expect(page.locator("[data-row]").nth(0)).not_to_be_focused()
        page.reload()
        expect(page.get_by_label("Use shortcuts")).not_to_be_checked()


def test_nothing_but_htmx_is_left_in_the_global_scope(page: Page) -> None:
    page.route("**/*.js", lambda route: route.fulfill(body=""))
    page.goto("/ui/queue")
    before = set(page.evaluate("Object.getOwnPropertyNames(window)"))
    page.unroute("**/*.js")
    page.goto("/ui/queue")
    named = page.evaluate("[...document.querySelectorAll('[id],[name]')].flatMap((each) => [each.id, each.name])")
    assert set(page.evaluate("Object.getOwnPropertyNames(window)")) - before - set(named) == {"htmx"}


def test_htmx_is_set_as_the_house_wants_it(page: Page) -> None:
    page.goto("/try")
    config = page.evaluate("htmx.config")
    assert config["mode"] == "same-origin"
    assert set(config["noSwap"]) == {204, 304, "40x", "41x", 429, "5xx"}
    page.locator("#go").click()
    expect(page.locator("#part")).to_have_text("second")
    assert page.evaluate("Object.keys(localStorage).concat(Object.keys(sessionStorage))") == []


def test_back_brings_the_whole_page_again(page: Page) -> None:
    page.goto("/try")
    page.locator("#go").click()
    expect(page.locator("#part")).to_have_text("second")
    page.go_back()
    expect(page.locator("#part")).to_contain_text("first")
    expect(page).to_have_title("Trying · Harbor IT")


def test_without_scripts_all_is_there(chromium, address: str) -> None:  # type: ignore[no-untyped-def]  # a fixture
    context = chromium.new_context(base_url=address, java_script_enabled=False, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto("/try?plain")
    page.get_by_label("What happened?").fill("No scripts here.")
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator("[data-flash=good]")).to_be_visible()
    page.locator(".who summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    context.close()
