"""The files of a project that are worth reading."""

from collections.abc import Iterator, Sequence
from pathlib import Path

SUFFIXES = frozenset(
    {
        *(".py", ".pyw", ".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx", ".vue"),
        *(".svelte", ".html", ".env", ".json", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".sh"),
        *(".go", ".java", ".kt", ".swift", ".cs", ".rs", ".php", ".rb", ".dart", ".cpp", ".cc"),
    }
)

_SKIPPED = frozenset(
    {
        *("node_modules", "bower_components", "site-packages", "__pycache__", "venv", "env"),
        *("dist", "build", "target", "vendor", "coverage"),
    }
)
"""Folders of others' code and of what was made. Those whose names begin with a dot are skipped too,
virtual environments wherever their ``pyvenv.cfg`` is."""

_LOCKS = frozenset({"package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml"})

MAX_FILE_BYTES = 1_000_000
"""Nobody writes longer programs; generated ones say nothing."""

MAX_FILES = 20_000


def files(paths: Sequence[Path]) -> Iterator[Path]:
    """All files to read: named ones whatever they are, those in folders by their names.

    Links to folders or files elsewhere are not followed. At most ``MAX_FILES``.
    """
    n_files = 0
    for path in paths:
        for file in _below(path) if path.is_dir() else [path]:
            if n_files == MAX_FILES:
                return
            n_files += 1
            yield file


def _below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir():
            if not _is_skipped(path):
                yield from _below(path)
        elif _is_wanted(path):
            yield path


def _is_skipped(folder: Path) -> bool:
    name = folder.name
    return name.startswith(".") or name in _SKIPPED or (folder / "pyvenv.cfg").exists()


def _is_wanted(path: Path) -> bool:
    if path.name in _LOCKS or path.stat().st_size > MAX_FILE_BYTES:
        return False
    return path.suffix in SUFFIXES or path.name == ".env" or path.name.startswith(".env.")
