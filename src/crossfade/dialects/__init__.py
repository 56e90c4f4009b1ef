"""The register of dialects: one line each, in any order."""

from crossfade.dialects.assemblyai import DIALECT as ASSEMBLYAI
from crossfade.dialects.base import Dialect
from crossfade.dialects.speechmatics import DIALECT as SPEECHMATICS

DIALECTS: tuple[Dialect, ...] = (
    SPEECHMATICS,
    ASSEMBLYAI,
)

RESERVED_PATHS = ("/v2/agent", "/v2/agent/", "/v2/agent/{}", "/v2/agent/{}/")
"""Paths of a protocol that nobody has written yet, although a pattern above would match them: its
clients would connect and show nothing. Answered with 404."""
