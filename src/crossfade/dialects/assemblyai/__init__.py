"""AssemblyAI Streaming, version 3."""

from crossfade.dialects.assemblyai.client import AssemblyAIClient
from crossfade.dialects.assemblyai.counterparts import COUNTERPARTS
from crossfade.dialects.assemblyai.endings import ENDINGS
from crossfade.dialects.assemblyai.finals import is_final
from crossfade.dialects.assemblyai.http import ROUTES, TOKEN_TTL_S
from crossfade.dialects.assemblyai.models import NAMES
from crossfade.dialects.assemblyai.server import TOKEN_SCOPE, AssemblyAIServer
from crossfade.dialects.assemblyai.vendor import VENDOR
from crossfade.dialects.base import Dialect
from crossfade.dialects.cases import Case
from crossfade.dialects.programs import Programs


def _programs() -> Programs:
    from crossfade.dialects.assemblyai.programs import PROGRAMS

    return PROGRAMS


def _conformance() -> tuple[Case, ...]:
    from crossfade.dialects.assemblyai.conformance import CASES

    return CASES


DIALECT = Dialect(
    name="assemblyai",
    title="AssemblyAI Streaming v3",
    paths=("/v3/ws", "/v3/ws/", "//v3/ws"),
    server=AssemblyAIServer,
    client=AssemblyAIClient,
    token_scope=TOKEN_SCOPE,
    token_ttl_s=TOKEN_TTL_S,
    models=NAMES,
    http=ROUTES,
    vendor=VENDOR,
    counterparts=COUNTERPARTS,
    programs=_programs,
    conformance=_conformance,
    endings=ENDINGS,
    is_final=is_final,
)
