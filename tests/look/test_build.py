"""What `make static` makes, and how it is served."""

import gzip
import hashlib
import re
from pathlib import Path

import brotli
import pytest
from flask import Flask

from portal.core.web import assets, build

KB = 1024


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static") / "dist"
    build.build(build.STATIC, folder)
    return folder


def packed(folder: Path, name: str) -> int:
    return (folder / (assets.manifest(folder)[name] + ".br")).stat().st_size


def test_htmx_is_the_one_that_was_vetted() -> None:
    folder = build.STATIC / "vendor" / "htmx"
    digest = hashlib.sha256((folder / "htmx-4.0.1.min.js").read_bytes()).hexdigest()
    assert digest in (folder / "SOURCE.md").read_text()


def test_the_same_sources_give_the_same_names(dist: Path, tmp_path: Path) -> None:
    assert build.build(build.STATIC, tmp_path / "again") == assets.manifest(dist)


def test_names_follow_content_and_siblings_unpack_to_it(dist: Path) -> None:
    for name, hashed in assets.manifest(dist).items():
        content = (dist / hashed).read_bytes()
        assert hashlib.sha256(content).hexdigest()[:10] in hashed, name
        if (small := dist / f"{hashed}.br").exists():
            assert brotli.decompress(small.read_bytes()) == content
            assert gzip.decompress((dist / f"{hashed}.gz").read_bytes()) == content


def test_minifying_loses_no_rule(dist: Path) -> None:
    """As many rules and declarations after as before (rcssmin knows nothing of layers and containers)."""
    import tinycss2

    def shape(text: str) -> list[str]:
        found: list[str] = []

        def walk(nodes: list[object]) -> None:
            for node in nodes:
                if node.type == "qualified-rule":  # type: ignore[attr-defined]
                    body = tinycss2.parse_declaration_list(node.content, skip_comments=True, skip_whitespace=True)  # type: ignore[attr-defined]
                    found.extend(each.lower_name for each in body)
                elif node.type == "at-rule" and node.content is not None:  # type: ignore[attr-defined]
                    found.append("@" + node.lower_at_keyword)  # type: ignore[attr-defined]
                    walk(tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True))  # type: ignore[attr-defined]
                assert node.type != "error", node  # type: ignore[attr-defined]

        walk(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True))
        return found

    css = build.STATIC / "css"
    before = "".join(
        f"@layer {name}{{{''.join(path.read_text() for path in paths)}}}"
        for name, paths in (
            ("reset", [css / "reset.css"]),
            ("tokens", [css / "tokens.css"]),
            ("base", [css / "base.css"]),
            ("ui", sorted((css / "ui").glob("*.css"))),
            ("pages", [*sorted((css / "pages").glob("*.css")), *sorted((css / "staff").glob("*.css"))]),
        )
    )
    after = (dist / assets.manifest(dist)["staff.css"]).read_text()
    assert shape(before) == shape(after)


def test_budget(dist: Path) -> None:
    """Compressed bytes of what all pages of a side load; a first view may cost 30 KB, 18 of it before first paint."""
    own = sum(len(path.read_bytes()) for path in (build.STATIC / "js").glob("*.js"))
    assert own, "own scripts are found"
    htmx = len(brotli.compress((build.STATIC / "vendor/htmx/htmx-4.0.1.min.js").read_bytes(), quality=11))
    assert packed(dist, "app.css") <= 8 * KB
    assert packed(dist, "staff.css") <= 9 * KB
    assert packed(dist, "app.js") - htmx <= 3 * KB
    assert packed(dist, "staff.js") - htmx <= 3.5 * KB
    assert packed(dist, "brand-client.css") <= KB
    assert packed(dist, "brand-msp.css") <= KB


def test_an_unbuilt_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(assets.StaticNotBuilt, match="make static"):
        assets.manifest(tmp_path)


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        assets.asset("nothing.css")


def test_served_small_and_for_a_year(dist: Path) -> None:
    app = Flask("t", static_folder=None)
    assets.serve_static(app, dist)
    client = app.test_client()
    name = assets.manifest(dist)["app.css"]
    with client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip, br"}) as answer:
        assert answer.headers["Content-Encoding"] == "br"
        assert answer.headers["Content-Type"].startswith("text/css")
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Accept-Encoding" in answer.headers["Vary"]
    with client.get(f"/static/{name}", headers={"Accept-Encoding": "identity"}) as plain:
        assert "Content-Encoding" not in plain.headers
    with client.get(f"/static/{name}", headers={"If-None-Match": plain.headers["ETag"]}) as again:
        assert again.status_code == 304
    for missing in ("nothing.css", "../build.py", "%2e%2e/README.md", "manifest.json.bak"):
        assert client.get(f"/static/{missing}").status_code == 404


def test_translations_are_compiled_once(tmp_path: Path) -> None:
    source = tmp_path / "de" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Tickets"\nmsgstr "Tickets!"\n'
    )
    assert build.compile_translations(tmp_path) == 1
    assert source.with_suffix(".mo").exists()
    assert build.compile_translations(tmp_path) == 0


def test_scripts_make_no_code_and_no_markup_out_of_text() -> None:
    forbidden = r"\beval\b|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write|setAttribute\('on"
    for path in (build.STATIC / "js").rglob("*.js"):
        found = re.search(forbidden, path.read_text())
        assert not found, f"{path.name}: {found}"
