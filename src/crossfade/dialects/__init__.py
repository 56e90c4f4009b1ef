"""The register of dialects: one line each, in any order."""

from crossfade.dialects.agent_stt import DIALECT as AGENT_STT
from crossfade.dialects.assemblyai import DIALECT as ASSEMBLYAI
from crossfade.dialects.base import Dialect
from crossfade.dialects.speechmatics import DIALECT as SPEECHMATICS

DIALECTS: tuple[Dialect, ...] = (
    SPEECHMATICS,
    ASSEMBLYAI,
    AGENT_STT,
)
