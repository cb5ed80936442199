import pytest

from portal.core.web.cookies import Side
from portal.identity.rules import browser_and_system, onward


@pytest.mark.parametrize(
    ("wish", "side"),
    [
        ("/tickets", "client"),
        ("/tickets/17?page=2&q=a%20b#reply", "client"),
        ("/kb/caf%C3%A9", "client"),
        ("/", "client"),
        ("/msp", "msp"),
        ("/msp/tickets?board=1", "msp"),
        ("/admin/branding", "msp"),
    ],
)
def test_a_page_of_this_side_is_kept(wish: str | None, side: Side) -> None:
    assert onward(wish, side) == wish


@pytest.mark.parametrize(
    "wish",
    [
        None,
        "",
        "tickets",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "\\\\evil.example",
        "/%5cevil.example",
        "/%2fevil.example",
        "%2f%2fevil.example",
        "/%2f%2fevil.example",
        "/%252f%252fevil.example",
        "/%25252fevil.example",
        "/%2525252fevil.example",
        "/\tevil.example",
        "\t//evil.example",
        " //evil.example",
        "/\n/evil.example",
        "/%0a/evil.example",
        "/%0d%0aSet-Cookie:%20a=b",
        "/%09/evil.example",
        "/tickets%00",
        "http://evil.example",
        "https:evil.example",
        "https:/evil.example",
        "//user@evil.example",
        "http://harbor.localhost@evil.example/",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "/auth/client-portal/signin",
        "/auth/signout",
        "/%61uth/signout",
        "/msp",
        "/msp/tickets",
        "/%6dsp/tickets",
        "/admin",
        "/" + "a" * 2000,
        "/\u2028evil",
    ],
)
def test_everything_else_leads_home(wish: str | None) -> None:
    assert onward(wish, "client") == "/"


def test_the_console_keeps_to_itself() -> None:
    assert onward("/tickets", "msp") == "/msp"
    assert onward("/auth/msp/signin", "msp") == "/msp"


@pytest.mark.parametrize(
    ("agent", "names"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", ("Firefox", "Linux")),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
                " Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0"
            ),
            ("Edge", "Windows"),
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
                " Version/18.0 Mobile/15E148 Safari/604.1"
            ),
            ("Safari", "iPhone"),
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
                " Chrome/130.0.0.0 Mobile Safari/537.36"
            ),
            ("Chrome", "Android"),
        ),
        (
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
                " Version/18.0 Safari/605.1.15"
            ),
            ("Safari", "macOS"),
        ),
        ("curl/8.5.0", ("", "")),
        ("", ("", "")),
    ],
)
def test_browsers_have_names(agent: str, names: tuple[str, str]) -> None:
    assert browser_and_system(agent) == names
