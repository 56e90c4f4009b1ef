"""Nothing is depended on without a reason, or passed on without its licence."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKED = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
del EXTRAS["all"]  # the other extras, and nothing of its own


def names(requirements: list[str]) -> list[str]:
    return [re.split(r"[<>=!~;\[ ]", requirement)[0] for requirement in requirements]


@pytest.mark.parametrize(
    "package",
    names(PROJECT["project"]["dependencies"])
    + names(PROJECT["dependency-groups"]["dev"])
    + names(list(chain.from_iterable(EXTRAS.values()))),
)
def test_the_reason_for_every_dependency_stands_in_the_docs(package):
    assert f"`{package}`" in (ROOT / "docs" / "dependencies.md").read_text()


@pytest.mark.parametrize("package", sorted(set(LOCKED)))
def test_the_licence_of_every_installed_package_stands_in_the_notices(package):
    assert f"| {package} |" in (ROOT / "THIRD_PARTY_NOTICES.md").read_text()
