"""AssemblyAI Streaming, version 3."""

from crossfade.dialects.assemblyai.client import AssemblyAIClient
from crossfade.dialects.assemblyai.counterparts import COUNTERPARTS
from crossfade.dialects.assemblyai.http import ROUTES, TOKEN_TTL_S
from crossfade.dialects.assemblyai.models import NAMES
from crossfade.dialects.assemblyai.server import TOKEN_SCOPE, AssemblyAIServer
from crossfade.dialects.assemblyai.vendor import VENDOR
from crossfade.dialects.base import Dialect

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
)
