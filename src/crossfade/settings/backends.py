"""``[backends.NAME]`` of the configuration file: who recognizes, besides the embedded model.

What vendors there are, dialects know; here is only what an operator can write.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

BUILT_IN = ("local", "scripted")
"""Backends that need no section; a section may bear such a name, if its vendor is the same."""


SHORTEST_SESSION_S = 10.0
"""Sessions that end sooner would hardly do anything but begin."""


class BackendSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One section. Its secrets are in no ``repr``."""

    vendor: str = "local"
    """A dialect's name, or one of ``BUILT_IN``."""
    url: str | None = None
    """``None``: the vendor's own server."""
    region: str | None = None
    """One of the vendor's; ``None``: its usual one."""
    key: str | None = None
    key_env: str | None = None
    """The variable that holds the key."""
    key_file: Path | None = None
    """The file that holds it, alone on its first line."""
    token_ttl_s: int | None = None
    """Exchange the key for temporary credentials of this life, one for each session."""
    max_sessions: int | None = None
    """Most sessions with it at once, by contract or licence; ``None``: not known."""
    session_s: float | None = None
    """Longest session there in seconds; ``None``: as the vendor documents."""
    engine: str | None = None
    """Of the vendor ``local``."""

    def __repr__(self) -> str:
        return f"BackendSettings(vendor={self.vendor!r}, url={self.url!r})"


def read_backend(section: object) -> BackendSettings:
    """Check one section.

    Raises:
        ValueError: If it is not lawful; the sentence names the field and never its value.
    """
    if not isinstance(section, Mapping):
        raise ValueError("it must be a table")
    try:
        # Paths are texts in TOML.
        read = msgspec.convert(
            section, BackendSettings, dec_hook=lambda kind, value: Path(str(value)).expanduser()
        )
    except msgspec.ValidationError as error:
        raise ValueError(_without_value(error)) from None
    ways = [name for name in ("key", "key_env", "key_file") if getattr(read, name) is not None]
    if len(ways) > 1:
        raise ValueError(f"only one of {' and '.join(ways)} can hold the key")
    if read.url is not None and read.region is not None:
        raise ValueError("url and region both say where it is")
    if read.max_sessions is not None and read.max_sessions < 1:
        raise ValueError("max_sessions must be 1 or more")
    if read.session_s is not None and not read.session_s >= SHORTEST_SESSION_S:
        raise ValueError(f"session_s must be {SHORTEST_SESSION_S:g} or more")
    if read.url is not None and not read.url.startswith(("ws://", "wss://")):
        raise ValueError("url must start with ws:// or wss://")
    return read


def _without_value(error: msgspec.ValidationError) -> str:
    """Kinds and names only: that is all that this library's sentences hold."""
    return str(error).replace("Object contains unknown field", "there is no setting")
