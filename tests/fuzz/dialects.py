"""Every dialect that is fuzzed: one line each."""

from fuzz.agent_stt import AGENT_STT
from fuzz.assemblyai import ASSEMBLYAI
from fuzz.speechmatics import SPEECHMATICS
from fuzz.vocabulary import Vocabulary

VOCABULARIES: tuple[Vocabulary, ...] = (SPEECHMATICS, ASSEMBLYAI, AGENT_STT)
