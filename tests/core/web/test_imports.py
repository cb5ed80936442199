"""Policy, place and answers know one another: whichever is imported first, the others follow."""

import subprocess
import sys

import pytest

from portal.settings import ROOT


@pytest.mark.parametrize("first", ["portal.core.policy", "portal.core.web.answer", "portal.core.web.place"])
def test_any_of_them_may_come_first(first: str) -> None:
    subprocess.run([sys.executable, "-c", f"import {first}"], cwd=ROOT, check=True, timeout=60)
