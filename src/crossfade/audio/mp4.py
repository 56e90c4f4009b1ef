"""Does the index of an MP4 come before its audio, or after it?

Written with ISO/IEC 14496-12: a file is a row of boxes, each a 32-bit size, a type of four
letters, and its content. ``moov`` is the index, ``mdat`` the audio. A file with ``mdat`` first
can be decoded only once all of it is there.
"""

import struct
from typing import Final

from crossfade.audio.peeking import PEEK_LIMIT_BYTES, PeekingReader

_FIRST_BOXES: Final = frozenset({b"ftyp", b"wide", b"free", b"skip", b"pnot", b"mdat"})


def index_comes_last(reader: PeekingReader) -> bool:
    """Look at the boxes in front. Reads nothing; ``False`` too if this is no MP4."""
    if reader.peek(8)[4:] not in _FIRST_BOXES:
        return False
    position = 0
    while position + 8 <= PEEK_LIMIT_BYTES:
        header = reader.peek(8, at=position)
        if len(header) < 8:
            return False
        size, kind = struct.unpack(">I4s", header)
        if kind in (b"mdat", b"moov", b"moof"):
            return bool(kind == b"mdat")
        if size < 8:  # 0 is "to the end", 1 announces a size of 64 bits: no small box in front
            return False
        position += size
    return False
