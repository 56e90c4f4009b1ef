"""The vendor's own servers, as its reference names them (sections 3.1, 16)."""

from crossfade.dialects.base import Vendor
from crossfade.dialects.speechmatics.languages import CODES
from crossfade.dialects.speechmatics.vendor import MAX_KEYTERMS
from crossfade.dialects.speechmatics.vendor import VENDOR as OLDER

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
    session_s=OLDER.session_s,  # of this path nothing else is known
)
