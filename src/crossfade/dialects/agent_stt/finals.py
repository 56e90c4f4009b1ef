"""Which frames hold words for good: for whoever plays this vendor's server."""

import msgspec
from msgspec import Struct

from crossfade.dialects.base import Frame


class _Said(Struct, frozen=True):
    message: str = ""


def is_final(frame: Frame) -> bool:
    """An ``AddSegment``."""
    try:
        return msgspec.json.decode(frame, type=_Said).message == "AddSegment"
    except msgspec.MsgspecError:
        return False
