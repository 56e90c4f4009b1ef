"""The vendor's own servers, as its reference names them (sections 3.1, 15)."""

from crossfade.dialects.base import ListPrice, Vendor
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
    session_s=48 * 3600.0,
    list_price=ListPrice(
        per_audio_hour=0.24,
        source="lists of others; see speechmatics.com/pricing",
        date="2026-05-19",
        what='real time, Pro plan, "from", before discounts',
    ),
)
