"""A voice as text, to be known by in another session: opaque to everybody else.

Base64 of a prefix, which names the network that made it, and of the print in half precision.
"""

import base64
import binascii

import numpy as np

from crossfade.recognizers.onnx.speakers.encoder import Embedding

_PREFIX = b"crossfade ge2e 1\0"
_N_NUMBERS = 256
_NUMBER = np.dtype("<f2")


def write_print(voice: Embedding) -> str:
    """Write a voice. Half precision moves its direction by less than 0.0001."""
    return base64.b64encode(_PREFIX + voice.astype(_NUMBER).tobytes()).decode()


def read_print(text: str) -> Embedding | None:
    """Read a voice, of length 1; ``None``: it is none, or of another network."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    numbers = data.removeprefix(_PREFIX)
    if numbers is data or len(numbers) != _N_NUMBERS * _NUMBER.itemsize:
        return None
    voice = np.frombuffer(numbers, _NUMBER).astype(np.float32)
    length = float(np.linalg.norm(voice))
    # Neither zero nor infinite nor no number at all.
    return voice / length if 0.0 < length < np.inf else None
