"""The page's modules are typed by JSDoc, and TypeScript checks them."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPILER = ROOT / ".clients" / "page" / "node_modules" / ".bin" / "tsc"


def test_types_are_right():
    if not COMPILER.exists():
        pytest.skip("TypeScript is not here: make clients, with npm")
    done = subprocess.run(
        [COMPILER, "-p", ROOT / "tests" / "page" / "tsconfig.json"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
