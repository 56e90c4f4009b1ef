"""Which frames hold words for good: for whoever plays this vendor's server."""

import msgspec
from msgspec import Struct

from crossfade.dialects.base import Frame


class _Said(Struct, frozen=True):
    message: str = ""
    results: tuple[msgspec.Raw, ...] = ()


def is_final(frame: Frame) -> bool:
    """An ``AddTranscript`` with words; those without only move the clock."""
    try:
        said = msgspec.json.decode(frame, type=_Said)
    except msgspec.MsgspecError:
        return False
    return said.message == "AddTranscript" and bool(said.results)
