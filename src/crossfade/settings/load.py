"""From flags, environment and file to ``Settings``: the order of precedence and the checks."""

import difflib
import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from crossfade.errors import CrossfadeError
from crossfade.settings.backends import read_backend
from crossfade.settings.prices import read_price
from crossfade.settings.setting import About, Setting
from crossfade.settings.table import SETTINGS, Settings

DEFAULT_FILE = Path("crossfade.toml")
"""Read from the current folder when no other file is named."""

CONFIG_ENV = "CROSSFADE_CONFIG"
"""Names the configuration file, as ``--config`` does; the flag wins."""

_TABLES: Mapping[str, Callable[[object], object]] = {
    "backends": read_backend,
    "prices": read_price,
}
"""The sections that hold tables instead of settings, and what reads one of those."""

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class SettingError(CrossfadeError):
    """A setting has a value that it cannot have, or a name that nothing has.

    Attributes:
        source: Where it was found: ``--port``, ``CROSSFADE_PORT``, ``server.port in FILE``.
    """

    def __init__(self, message: str, *, source: str) -> None:
        super().__init__(message)
        self.source = source


def load(
    flags: Mapping[str, object],
    *,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
) -> Settings:
    """Put the settings together.

    Args:
        flags: By setting name; ``None`` and an empty tuple mean "not given".
        environ: The environment.
        file: The configuration file. ``None``: the one that ``CROSSFADE_CONFIG`` names, else
            ``crossfade.toml`` in the current folder if there is one.

    Raises:
        SettingError: If a value is not allowed, a name in the file is unknown, or the file
            cannot be read.
    """
    values: dict[str, object] = {}
    values |= _from_file(_find(file, environ))
    values |= _from_environment(environ)
    values |= _from_flags(flags)
    return Settings(**values)  # type: ignore[arg-type]  # each value was checked by its row


def _find(file: Path | None, environ: Mapping[str, str]) -> Path | None:
    if file is not None:
        return file
    if named := environ.get(CONFIG_ENV):
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def _from_flags(flags: Mapping[str, object]) -> dict[str, object]:
    rows = {row.name: row for row in SETTINGS}
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    return {name: parse(rows[name], value, rows[name].flag) for name, value in given.items()}


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    return {
        row.name: parse(row, environ[row.env], row.env)
        for row in SETTINGS
        # Kubernetes gives every container of a namespace CROSSFADE_PORT=tcp://10.0.0.1:8765 when
        # a service there is called "crossfade"; that one is not meant for us.
        if environ.get(row.env) and not environ[row.env].startswith("tcp://")
    }


def _from_file(path: Path | None) -> dict[str, object]:
    if path is None:
        return {}
    rows = {row.key: row for row in SETTINGS if row.key is not None}
    document = _toml(path)
    values: dict[str, object] = {
        name: _tables(name, document.pop(name, {}), path) for name in _TABLES
    }
    for key, value in _flat(document).items():
        row = rows.get(key)
        if row is None:
            raise _unknown(key, rows, path)
        values[row.name] = parse(row, value, f"{key} in {path}")
    return values


def _toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise SettingError(message, source=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{path} is not TOML: {error}", source=str(path)) from error


def _tables(kind: str, sections: object, path: Path) -> dict[str, object]:
    if not isinstance(sections, dict):
        raise SettingError(f"{path}: {kind} must be a table of tables", source=str(path))
    read = {}
    for name, section in sections.items():
        source = f"[{kind}.{name}] in {path}"
        try:
            read[name] = _TABLES[kind](section)
        except ValueError as error:
            raise SettingError(f"{source}: {error}", source=source) from None
    return read


def _flat(document: Mapping[str, object]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for section, content in document.items():
        if isinstance(content, dict):
            flat |= {f"{section}.{name}": value for name, value in content.items()}
        else:
            flat[section] = content
    return flat


def _unknown(key: str, rows: Mapping[str, Setting], path: Path) -> SettingError:
    near = difflib.get_close_matches(key, rows, n=1, cutoff=0.0)
    return SettingError(
        f"{path}: unknown setting {key}; the nearest is {near[0]}", source=str(path)
    )


def parse(row: Setting, raw: object, source: str) -> object:
    """Check one value and give it its type.

    Args:
        row: The setting.
        raw: Text from a flag or the environment, or what TOML made of it.
        source: Where it was found, for the message.

    Raises:
        SettingError: If the value is not allowed.
    """
    try:
        value = _convert(row, raw)
    except (TypeError, ValueError):
        shown = "what was given" if row.about.secret else repr(raw)
        message = f"{source} cannot be {shown}: it must be {row.allowed}"
        raise SettingError(message, source=source) from None
    return value


def _convert(row: Setting, raw: object) -> object:
    if row.choices:
        return _one_of(row.choices, raw)
    value = _CONVERT[row.type](raw)
    if isinstance(value, int | float):
        _check_range(value, row.about)
    return value


def _one_of(choices: tuple[str, ...], raw: object) -> object:
    if raw not in choices:
        raise ValueError(raw)
    return raw


def _check_range(value: float, about: About) -> None:
    too_small = about.minimum is not None and not value >= about.minimum  # NaN is too small
    too_large = about.maximum is not None and value > about.maximum
    if too_small or too_large:
        raise ValueError(value)


def _text(raw: object) -> str:
    if not isinstance(raw, str) or not raw:
        raise TypeError(raw)
    return raw


def _whole_number(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise TypeError(raw)
    return int(raw)


def _number(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise TypeError(raw)
    return float(raw)


def _claim(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    word = _text(raw).lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(raw)
    return word in _TRUE


def _texts(raw: object) -> tuple[str, ...]:
    items = [item.strip() for item in raw.split(",")] if isinstance(raw, str) else raw
    if not isinstance(items, list | tuple):
        raise TypeError(raw)
    return tuple(_text(item) for item in items)


_CONVERT: dict[Any, Callable[[object], object]] = {
    str: _text,
    int: _whole_number,
    float: _number,
    bool: _claim,
    Path: lambda raw: Path(_text(raw)).expanduser(),
    tuple[str, ...]: _texts,
}
