"""`make static`: joins, shrinks, names by content and compresses what browsers load; compiles the translations.

Reads static/css, static/js, static/vendor, static/img and portal/translations; writes static/dist (not in git) with
manifest.json: logical name → hashed file. Run as ``python -m portal.core.web.build``. Nothing here needs the app.
"""

import gzip
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import brotli
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from rcssmin import cssmin
from rjsmin import jsmin

from portal.core.web.brand import stylesheet

ROOT = Path(__file__).resolve().parents[3]
STATIC = ROOT / "static"
TRANSLATIONS = ROOT / "portal" / "translations"

LAYERS = ("reset", "tokens", "base", "ui", "pages")
"""Order of the cascade, weakest first. The brand's stylesheet stands outside them and so above."""

KEPT_SECONDS = 24 * 60 * 60
PACKED = {".css", ".js", ".svg", ".json", ".txt", ".webmanifest"}
"""Kinds worth compressing; photos are already."""


def stylesheets(static: Path) -> dict[str, str]:
    """The joined stylesheets by name: app for clients, staff for the console, style for the page of macros."""
    css = static / "css"
    ui, pages, staff = (sorted((css / folder).glob("*.css")) for folder in ("ui", "pages", "staff"))
    first = f"@layer {','.join(LAYERS)};" + "".join(_layer(name, [css / f"{name}.css"]) for name in LAYERS[:3])
    first += _layer("ui", ui)
    return {
        "app.css": cssmin(first + _layer("pages", pages)),
        "staff.css": cssmin(first + _layer("pages", [*pages, *staff])),
        "style.css": cssmin(_layer("pages", [css / "style.css"])),
        "brand-client.css": stylesheet(None, "client"),
        "brand-msp.css": stylesheet(None, "msp"),
    }


def scripts(static: Path) -> dict[str, str]:
    """The joined scripts by name: htmx first, which is left as it came, then one behaviour a file.

    What stands in js/apart is loaded by the few pages that name it, besides.
    """
    htmx = (static / "vendor" / "htmx" / "htmx-4.0.1.min.js").read_text()
    own, staff, apart = (sorted((static / folder).glob("*.js")) for folder in ("js", "js/staff", "js/apart"))
    return {
        "app.js": htmx + "\n" + _join_scripts(own),
        "staff.js": htmx + "\n" + _join_scripts([*own, *staff]),
        **{path.name: _join_scripts([path]) for path in apart},
    }


def build(static: Path, out: Path) -> dict[str, str]:
    """Write everything into `out` and answer with the manifest.

    What stands in `out` already stays for a day under its hashed name: pages that
    were sent before still ask for it, and builds side by side don't take each
    other's files away.
    """
    out.mkdir(parents=True, exist_ok=True)
    files = {name: text.encode() for name, text in {**stylesheets(static), **scripts(static)}.items()}
    images = (path for path in sorted((static / "img").rglob("*")) if path.is_file())
    files |= {path.relative_to(static).as_posix(): path.read_bytes() for path in images}
    manifest = {name: _write(out, name, content) for name, content in files.items()}
    _put(out / "manifest.json", (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode())
    _sweep(out, set(manifest.values()) | {"manifest.json"})
    return manifest


def _put(target: Path, content: bytes) -> None:
    """Write a file so that nobody ever reads half of it."""
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(target)


def _sweep(out: Path, current: set[str]) -> None:
    """Remove what no manifest has named for a day."""
    for path in [each for each in out.rglob("*") if each.is_file()]:
        name = path.relative_to(out).as_posix()
        is_current = name in current or name.removesuffix(".br").removesuffix(".gz") in current
        if not is_current and path.stat().st_mtime < time.time() - KEPT_SECONDS:
            path.unlink(missing_ok=True)


def compile_translations(folder: Path) -> int:
    """Write messages.mo beside each messages.po that has none as new; answers with how many were written."""
    written = 0
    for source in sorted(folder.glob("*/LC_MESSAGES/messages.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parents[1].name)
        fresh = target.with_suffix(".mo.new")
        with fresh.open("wb") as binary:
            write_mo(binary, catalogue)
        fresh.replace(target)
        written += 1
    return written


def _layer(name: str, paths: Iterable[Path]) -> str:
    return f"@layer {name}{{" + "\n".join(path.read_text() for path in paths) + "}"


def _join_scripts(paths: Iterable[Path]) -> str:
    return "\n".join(str(jsmin(path.read_text())) for path in paths) + "\n"


def _write(folder: Path, name: str, content: bytes) -> str:
    """Store one file under its content's name, with its compressed siblings where they are smaller."""
    logical = Path(name)
    digest = hashlib.sha256(content).hexdigest()[:10]
    hashed = logical.with_name(f"{logical.stem}.{digest}{logical.suffix}").as_posix()
    target = folder / hashed
    target.parent.mkdir(parents=True, exist_ok=True)
    _put(target, content)
    if logical.suffix in PACKED:
        siblings = {".br": brotli.compress(content, quality=11), ".gz": gzip.compress(content, 9, mtime=0)}
        for suffix, packed in siblings.items():
            if len(packed) < len(content):
                _put(Path(f"{target}{suffix}"), packed)
    return hashed


def main() -> int:
    """Build all; say what came out."""
    manifest = build(STATIC, STATIC / "dist")
    compiled = compile_translations(TRANSLATIONS)
    sys.stdout.write(f"static: {len(manifest)} files in static/dist, {compiled} translations compiled\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
