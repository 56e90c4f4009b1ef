"""The Speechmatics real-time protocol, version 2: both ends of a connection.

messages, configuration    the wire types, as the vendor spells them
decoding                   a client's frame → a message, or the vendor's complaint
start                      StartRecognition → what the session is going to be
server                     what may come when
replies, transcripts       events → what the server says
items, editing, holding    words → results: written, changed, kept back
client, hearing, wishes    the client's end; client_base, what the newer protocol's has too
http                       temporary keys, discovery
errors, languages, vendor  tables
endings, finals            for whoever plays its server
counterparts               what becomes of other protocols' words on the way here
programs, sdks             how the vendor's clients are written
conformance                what is asked of every server of this protocol
"""

from crossfade.dialects.base import Dialect
from crossfade.dialects.cases import Case
from crossfade.dialects.programs import Programs
from crossfade.dialects.speechmatics.client import SpeechmaticsClient
from crossfade.dialects.speechmatics.counterparts import COUNTERPARTS
from crossfade.dialects.speechmatics.endings import ENDINGS
from crossfade.dialects.speechmatics.finals import is_final
from crossfade.dialects.speechmatics.http import ROUTES, TOKEN_SCOPE, TOKEN_TTL_S
from crossfade.dialects.speechmatics.server import SpeechmaticsServer
from crossfade.dialects.speechmatics.vendor import VENDOR


def _programs() -> Programs:
    from crossfade.dialects.speechmatics.programs import PROGRAMS

    return PROGRAMS


def _conformance() -> tuple[Case, ...]:
    from crossfade.dialects.speechmatics.conformance import CASES

    return CASES


DIALECT = Dialect(
    name="speechmatics",
    title="Speechmatics",
    # One or two languages in the path are an old habit of the vendor's. ``/v2/agent`` is another of
    # its protocols.
    paths=("/v2", "/v2/", "/v2/{}", "/v2/{}/", "/v2/{}/{}", "/"),
    server=SpeechmaticsServer,
    client=SpeechmaticsClient,
    token_scope=TOKEN_SCOPE,
    token_ttl_s=TOKEN_TTL_S,
    http=ROUTES,
    vendor=VENDOR,
    counterparts=COUNTERPARTS,
    programs=_programs,
    conformance=_conformance,
    endings=ENDINGS,
    is_final=is_final,
)

__all__ = ["DIALECT"]
