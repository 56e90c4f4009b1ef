"""Feed an audio decoder as a socket would."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from crossfade.audio import Samples, open_decoder
from crossfade.model import AudioFormat


async def decode_whole(audio: AudioFormat, data: bytes) -> Samples:
    """All samples of a stream that comes as one chunk."""
    return await decode_in_chunks(audio, data, [])


async def decode_in_chunks(audio: AudioFormat, data: bytes, cuts: Iterable[int]) -> Samples:
    """All samples of a stream that is cut at these positions, in any order."""
    borders = sorted({0, len(data), *(min(cut, len(data)) for cut in cuts)})
    decoder = open_decoder(audio)
    pieces = [np.empty(0, np.float32)]
    try:
        for start, end in pairwise(borders):
            pieces += [samples async for samples in decoder.decode(data[start:end])]
        pieces += [samples async for samples in decoder.finish()]
    finally:
        decoder.close()
    return np.concatenate(pieces)
