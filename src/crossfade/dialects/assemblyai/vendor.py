"""The vendor's own servers, as its reference names them (section 2.1)."""

from crossfade.dialects.assemblyai.models import LANGUAGE_CODES
from crossfade.dialects.assemblyai.parameters import MAX_KEYTERM_CHARS, MAX_KEYTERMS
from crossfade.dialects.base import Vendor

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
)
