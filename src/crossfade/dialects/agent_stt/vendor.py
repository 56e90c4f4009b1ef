"""The vendor's own servers, as its reference names them (section 3.1)."""

from crossfade.dialects.base import Vendor
from crossfade.dialects.speechmatics.languages import CODES
from crossfade.dialects.speechmatics.vendor import MAX_KEYTERMS

VENDOR = Vendor(
    urls={
        "eu2": "wss://eu2.rt.speechmatics.com/v2/agent",
        "eu": "wss://eu.rt.speechmatics.com/v2/agent",
        "us": "wss://us.rt.speechmatics.com/v2/agent",
        "global": "wss://global.rt.speechmatics.com/v2/agent",
    },
    languages=CODES - {"multi"},
    most_keyterms=MAX_KEYTERMS,
    tells_forced_ends=False,
    tells_speakers=True,
)
