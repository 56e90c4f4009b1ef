"""Which frames hold words for good: for whoever plays this vendor's server."""

import msgspec
from msgspec import Struct

from crossfade.dialects.base import Frame


class _Said(Struct, frozen=True):
    type: str = ""
    end_of_turn: bool = False


def is_final(frame: Frame) -> bool:
    """A ``Turn`` that has ended, raw or formatted."""
    try:
        said = msgspec.json.decode(frame, type=_Said)
    except msgspec.MsgspecError:
        return False
    return said.type == "Turn" and said.end_of_turn
