"""The recognizer that the settings ask for: one backend, or several in order of failover."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from crossfade.cli.model_files import model_files
from crossfade.errors import ConfigError
from crossfade.settings import BUILT_IN, BackendSettings, Settings

if TYPE_CHECKING:  # imported where they are used: numpy and onnxruntime take their time
    from crossfade.dialects.base import Dialect
    from crossfade.gateway import Backend
    from crossfade.gateway.shadowing import Shadows
    from crossfade.recognizers.base import Recognizer

SCRIPT = "These words come from a script. Nobody has listened to you."
"""What the scripted backend says, again and again."""

SCRIPT_PAUSE_MS = 1500

SHADOW_FOLDER = "shadow"
"""In the data folder: what a second backend heard."""


async def open_recognizer(settings: Settings, *, is_shadowed: bool = False) -> "Recognizer":
    """Build the recognizer that the settings name; the caller starts and closes it.

    Args:
        settings: What the user chose.
        is_shadowed: A second backend hears some sessions too, if the settings name one.

    Raises:
        ModelError: If its files cannot be had.
        ConfigError: If a backend has no section, or one that makes no sense; ``field`` is
            ``backend``.
    """
    shadows = await _shadows(settings) if is_shadowed else None
    names = settings.backend
    is_alone = len(names) == 1
    if is_alone and shadows is None and vendor_of(names[0], settings) in BUILT_IN:
        return await _recognizer(names[0], settings, is_alone=True)
    from crossfade.gateway.failover import FailoverRecognizer

    each = [(name, await _recognizer(name, settings, is_alone=is_alone)) for name in names]
    return FailoverRecognizer(each, shadows=shadows)


async def _shadows(settings: Settings) -> "Shadows | None":
    name = settings.shadow_backend
    if name is None:
        return None
    from crossfade.gateway.failover import FailoverRecognizer
    from crossfade.gateway.shadow_files import ShadowFiles
    from crossfade.gateway.shadowing import Shadows

    second = await _recognizer(name, settings, is_alone=True)
    return Shadows(
        name,
        FailoverRecognizer([(name, second)]),
        ShadowFiles(
            settings.data_dir / SHADOW_FOLDER, most_bytes=settings.shadow_megabytes * 1_000_000
        ),
        percent=settings.shadow_percent,
        audio_is_kept=settings.shadow_audio,
    )


def vendor_of(name: str, settings: Settings) -> str:
    """Whose backend it is: a dialect's name, ``local`` or ``scripted``.

    Raises:
        ConfigError: If it has no section and needs one.
    """
    section = settings.backends.get(name)
    if section is not None:
        return section.vendor
    if name in BUILT_IN:
        return name
    known = ", ".join(dict.fromkeys([*BUILT_IN, *settings.backends]))
    raise ConfigError(
        f"there is no backend {name!r}, only {known}; a section [backends.{name}] makes one",
        field="backend",
    )


async def _recognizer(name: str, settings: Settings, *, is_alone: bool) -> "Recognizer":
    match vendor_of(name, settings):
        case "scripted":
            from crossfade.recognizers.scripted import ScriptedRecognizer, spoken

            script = spoken(SCRIPT)
            return ScriptedRecognizer(script, repeat_ms=script[-1].end_ms + SCRIPT_PAUSE_MS)
        case "local":
            _check_engine(name, settings)
            files = await model_files(settings.model_dir)
            from crossfade.recognizers.onnx import EmbeddedRecognizer

            return EmbeddedRecognizer(files, n_threads=settings.threads or None)
        case vendor:
            from crossfade.gateway import UpstreamRecognizer
            from crossfade.gateway.upstream import NO_RETRY, ONE_BACKEND

            reached = upstream(name, vendor, settings.backends[name])
            return UpstreamRecognizer(reached, reconnect=ONE_BACKEND if is_alone else NO_RETRY)


def _check_engine(name: str, settings: Settings) -> None:
    section = settings.backends.get(name, BackendSettings())
    if section.engine not in (None, "moonshine"):
        raise ConfigError(
            f"[backends.{name}]: engine can be moonshine, not {section.engine!r}", field="backend"
        )


def upstream(name: str, vendor: str, section: BackendSettings) -> "Backend":
    """Put one section of the file into what the gateway wants.

    Raises:
        ConfigError: If the vendor, its region or the key is not known; never with the key.
    """
    from crossfade.gateway.backend import Backend, vendor_url

    dialect = _dialect(name, vendor)
    return Backend(
        name=name,
        dialect=dialect,
        url=section.url or vendor_url(dialect, section.region),
        key=_key(name, section),
        token_ttl_s=section.token_ttl_s,
        max_sessions=section.max_sessions,
        session_s=section.session_s,
    )


def _dialect(name: str, vendor: str) -> "Dialect":
    from crossfade.dialects import DIALECTS

    known = {dialect.name: dialect for dialect in DIALECTS}
    if vendor not in known:
        names = ", ".join([*known, *BUILT_IN])
        raise ConfigError(
            f"[backends.{name}]: vendor can be {names}, not {vendor!r}", field="backend"
        )
    return known[vendor]


def _key(name: str, section: BackendSettings) -> str | None:
    if section.key_env is not None:
        key = os.environ.get(section.key_env)
        if not key:
            raise ConfigError(
                f"[backends.{name}]: the variable {section.key_env} holds no key", field="backend"
            )
        return key
    if section.key_file is not None:
        return _first_line(name, section.key_file)
    return section.key


def _first_line(name: str, path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise ConfigError(
            f"[backends.{name}]: cannot read {path}: {type(error).__name__}", field="backend"
        ) from None
    if not lines or not lines[0].strip():
        raise ConfigError(f"[backends.{name}]: {path} holds no key", field="backend")
    return lines[0].strip()
