"""The vendor's own servers, as its reference names them (sections 2.1, 6.5)."""

from crossfade.dialects.assemblyai.models import LANGUAGE_CODES
from crossfade.dialects.assemblyai.parameters import MAX_KEYTERM_CHARS, MAX_KEYTERMS
from crossfade.dialects.base import ListPrice, Vendor

VENDOR = Vendor(
    urls={
        "nearest": "wss://streaming.assemblyai.com/v3/ws",
        "us": "wss://streaming.us.assemblyai.com/v3/ws",
        "eu": "wss://streaming.eu.assemblyai.com/v3/ws",
    },
    languages=frozenset(LANGUAGE_CODES),
    most_keyterms=MAX_KEYTERMS,
    longest_keyterm_chars=MAX_KEYTERM_CHARS,
    tells_forced_ends=False,
    tells_speakers=False,
    session_s=3 * 3600.0,
    list_price=ListPrice(
        per_session_hour=0.15,
        source="lists of others; see assemblyai.com/pricing",
        date="2026-05-26",
        what="Universal-Streaming; Universal-3 Pro is 0.45",
    ),
)
