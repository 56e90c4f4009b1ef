"""Speechmatics Agent STT, ``/v2/agent``: both ends of a connection.

messages, configuration    the wire types, as the vendor spells them
profiles                   what the path says
decoding                   a client's frame → a message, or the vendor's complaint
start                      StartRecognition → what the session is going to be
server                     what may come when
replies, turns, segments   events → what the server says
errors                     how it says no
endings, finals            for whoever plays its server
client, hearing, wishes    the client's end
vendor, counterparts       tables
conformance                what is asked of every server of this protocol

Languages, keys, text and much of the messages are those of the vendor's older protocol, on whose
folder this one is built; that one does not know this.
"""

from crossfade.dialects.agent_stt.client import AgentClient
from crossfade.dialects.agent_stt.counterparts import COUNTERPARTS
from crossfade.dialects.agent_stt.endings import ENDINGS
from crossfade.dialects.agent_stt.finals import is_final
from crossfade.dialects.agent_stt.profiles import PATHS
from crossfade.dialects.agent_stt.server import AgentServer
from crossfade.dialects.agent_stt.vendor import VENDOR
from crossfade.dialects.base import Dialect
from crossfade.dialects.cases import Case
from crossfade.dialects.speechmatics.http import TOKEN_SCOPE, TOKEN_TTL_S


def _conformance() -> tuple[Case, ...]:
    from crossfade.dialects.agent_stt.conformance import CASES

    return CASES


DIALECT = Dialect(
    name="agent-stt",
    title="Speechmatics Agent STT",
    paths=PATHS,
    server=AgentServer,
    client=AgentClient,
    token_scope=TOKEN_SCOPE,
    token_ttl_s=TOKEN_TTL_S,
    times_words=False,
    seated_at_handshake=True,
    vendor=VENDOR,
    counterparts=COUNTERPARTS,
    endings=ENDINGS,
    is_final=is_final,
    conformance=_conformance,
)

__all__ = ["DIALECT"]
