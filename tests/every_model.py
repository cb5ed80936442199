"""Imports every module of the product that maps a table, whether or not an app has been made yet."""

import importlib
import re
from functools import cache

from portal.core.tenancy.census import Declared, declared
from portal.settings import ROOT

MAPS_A_TABLE = re.compile(r"^    __tablename__ = ", re.MULTILINE)


def tables() -> dict[str, Declared]:
    """Every table of the product, found by reading its source, not by trusting what was registered."""
    _imported()
    return declared()


@cache
def _imported() -> None:
    for path in sorted((ROOT / "portal").rglob("*.py")):
        if MAPS_A_TABLE.search(path.read_text(encoding="utf-8")):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
