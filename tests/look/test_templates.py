"""What templates may not hold, and that each macro stands in its own file and on the style page."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from portal.core.web import style_page

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
PAGES = [path for path in sorted(TEMPLATES.rglob("*.html")) if "emails" not in path.parts]
MACROS = sorted((TEMPLATES / "ui").glob("*.html"))

FORBIDDEN = {
    "an inline style": r"<[^>]*\sstyle\s*=",
    "a style element": r"<style\b",
    "an inline script": r"<script(?![^>]*\bsrc=)",
    "an event handler": r"<[^>]*\son\w+\s*=",
    "hx-on": r"hx-on",
    "a script in an attribute": r"""["'](?:js|javascript):""",
    "a filter in a trigger": r"hx-trigger=\"[^\"]*\[",
    "the request": r"\{[{%](?:[^\"}%]|\"[^\"]*\")*?\brequest\b(?=[^\"]*(?:\"[^\"]*\"[^\"]*)*[%}]\})",
    "markup taken on trust": r"(?<![\"'])\|\s*safe\b",  # words written in the template itself may be
    "a query": r"\{[{%][^}%]*\.(?:query|session|execute)\b",
}


def without_comments(text: str) -> str:
    return re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_nothing_forbidden(path: Path) -> None:
    text = without_comments(path.read_text())
    found = {what for what, pattern in FORBIDDEN.items() if re.search(pattern, text, re.IGNORECASE)}
    assert not found


@pytest.mark.parametrize("words", [
    '<p style="color:red">', "<style>", "<script>x</script>", '<p onclick="x">', '<p hx-on:click="x">',
    '<a href="javascript:x">', '<p hx-vals="js:{a: 1}">', '<p hx-trigger="click[x]">', "{{ request.path }}",
    "{{ text|safe }}", "{% for x in db.session.execute(q) %}",
])  # fmt: skip
def test_the_scan_sees_what_it_forbids(words: str) -> None:
    assert any(re.search(pattern, words, re.IGNORECASE) for pattern in FORBIDDEN.values())


@pytest.mark.parametrize("path", MACROS, ids=lambda path: path.stem)
def test_a_macro_stands_in_a_file_of_its_name_with_a_word_about_it(path: Path) -> None:
    text = path.read_text()
    assert f"macro {path.stem}(" in text
    assert text.startswith("{#- "), "the first lines say what it wants"


def test_every_macro_is_shown() -> None:
    shown = "\n".join(path.read_text() for path in (TEMPLATES / "style").glob("*.html"))
    layouts = "\n".join(path.read_text() for path in (TEMPLATES / "layouts").glob("*.html"))
    missing = [path.stem for path in MACROS if f'"ui/{path.name}"' not in shown + layouts]
    assert not missing


IMPURE = re.compile(r"_\(|gettext\(|url_for|when\(|full_time|caller|\bplace\b|\|\s*\w*format\b|csrf|panels\(|asset\(")


@pytest.mark.parametrize(
    "path", [path for path in MACROS if "remembered(" in path.read_text()], ids=lambda path: path.stem
)
def test_what_is_remembered_depends_on_its_arguments_alone(path: Path) -> None:
    """It is drawn once for all readers, so it may know no language, no page and nobody."""
    text = without_comments(path.read_text())
    assert not IMPURE.search(text)
    assert f"set {path.stem} = remembered({path.stem})" in text
    assert "import" not in text, "or what is imported must be looked at too"


def test_what_is_drawn_once_for_each_language_wants_nothing_else() -> None:
    names = {name for path in PAGES for name in re.findall(r'spoken\("([^"]+)"\)', path.read_text())}
    assert names == {"layouts/_words.html"}
    for name in names:
        assert re.match(r"\{#- Wants nothing", (TEMPLATES / name).read_text())


def test_partials_say_what_they_want() -> None:
    partials = [path for path in PAGES if path.name.startswith("_")]
    silent = [
        path
        for path in partials
        if not re.match(r"\{#-? (?:Wants |An error as a page|A refusal|What )", path.read_text())
    ]
    silent = [path.relative_to(TEMPLATES).as_posix() for path in silent if "Wants" not in path.read_text()[:400]]
    assert not [name for name in silent if name.startswith(("layouts", "errors"))]


class Visible(HTMLParser):
    """Words that a template writes without gettext."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += re.findall(r"[A-Za-z]{3,}[A-Za-z ,.]*", data)


@pytest.mark.parametrize(
    "path",
    [path for path in PAGES if "style" not in path.parts],
    ids=lambda path: path.relative_to(TEMPLATES).as_posix(),
)
def test_every_word_goes_through_gettext(path: Path) -> None:
    text = re.sub(
        r"\{%- block body_class %\}.*?\{% endblock", "{%", without_comments(path.read_text()), flags=re.DOTALL
    )
    bare = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", text, flags=re.DOTALL)
    reader = Visible()
    reader.feed(bare)
    assert reader.words == []


@pytest.mark.parametrize("name", style_page.ERRORS)
def test_error_pages_exist(name: str) -> None:
    assert (TEMPLATES / "errors" / f"{name}.html").exists()
