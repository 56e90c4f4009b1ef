"""The vendor's own servers, as its reference names them (section 3.1)."""

from crossfade.dialects.base import Vendor
from crossfade.dialects.speechmatics.languages import CODES

MAX_KEYTERMS = 1000

VENDOR = Vendor(
    urls={
        "eu2": "wss://eu2.rt.speechmatics.com/v2",
        "eu": "wss://eu.rt.speechmatics.com/v2",
        "us": "wss://us.rt.speechmatics.com/v2",
        "global": "wss://global.rt.speechmatics.com/v2",
    },
    languages=CODES,
    most_keyterms=MAX_KEYTERMS,
    tells_forced_ends=True,
    tells_speakers=True,
)
