"""How programs speak AssemblyAI's streaming protocol."""

from crossfade.migrate.rewriting.assemblyai.raw import WIRE
from crossfade.migrate.rewriting.assemblyai.sdk import SDK

__all__ = ["SDK", "WIRE"]
