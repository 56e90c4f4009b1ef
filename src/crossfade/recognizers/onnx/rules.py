"""What a session's configuration means for its decodes: when they are due, and what they know."""

from dataclasses import dataclass

from msgspec import structs

from crossfade.model import Endpointing, NoEndpointing, Reconfigure, SessionConfig
from crossfade.recognizers.endpointing import pause_ms
from crossfade.recognizers.onnx.segment import DUE_MS
from crossfade.recognizers.onnx.terms import Terms
from crossfade.recognizers.onnx.tokens import Tokenizer

# Measured over 301 clips, like those of the transcriber.
SPEECH_ON = 0.5
SPEECH_OFF_GAP = 0.15  # speech goes on while the probability is above SPEECH_ON minus this

PARTIAL_INTERVAL_MS = 500
# Where finals are wanted early, since words are shown once those before them are settled: half of
# them are seen 267 to 289 ms after their end (95 % after 712 to 797) instead of 301 to 329 (725 to
# 825), for 8 % more decodes and as many errors (14.6 instead of 14.4 %; other places of the same
# decodes make more than that). Measured like ``segment.SURE``. With 410 a word is due just before
# the partial that would settle it.
EARLY_INTERVAL_MS = 440
# Where there is room: a stream's words are seen after 128 ms (p95 564) instead of 224 (p95 910).
PREVIEW_AFTER_MS = 250
UNSEEN_INTERVAL_MS = 2000  # at the most, when nobody sees the partials


@dataclass(frozen=True, slots=True)
class Rules:
    """Replaced whole when a client changes its mind."""

    config: SessionConfig
    endpointing: Endpointing
    terms: Terms | None
    """Key terms, which a job prepares when it first needs them."""
    pause_ms: int
    """Silence that is looked at."""
    looks_at_pauses: bool
    speech_on: float
    """Probability from which on a window is speech."""
    overdue_ms: int
    """A word that is so old gets a decode of its own."""
    interval_ms: int
    """Between two partials."""

    @classmethod
    def of(cls, config: SessionConfig, tokenizer: Tokenizer) -> "Rules":
        """Derive them."""
        interval_ms = EARLY_INTERVAL_MS if config.early_finals else PARTIAL_INTERVAL_MS
        if not config.partials_wanted:
            unseen_ms = min(config.max_delay_ms // 2, UNSEEN_INTERVAL_MS)
            interval_ms = max(PARTIAL_INTERVAL_MS, unseen_ms)
        return cls(
            config=config,
            endpointing=config.endpointing,
            terms=Terms(config.keyterms, tokenizer) if config.keyterms else None,
            pause_ms=pause_ms(config.endpointing),
            # Without endpointing and without partials nobody asks what a pause sounds like.
            looks_at_pauses=config.partials_wanted or config.endpointing != NoEndpointing(),
            speech_on=SPEECH_ON if config.vad_threshold is None else config.vad_threshold,
            overdue_ms=config.max_delay_ms - DUE_MS,
            interval_ms=interval_ms,
        )

    def is_pause(self, silence_ms: int) -> bool:
        """So much silence is looked at."""
        return self.looks_at_pauses and silence_ms >= self.pause_ms

    def changed(self, change: Reconfigure, tokenizer: Tokenizer) -> "Rules":
        """The rules with what the client named changed."""
        said = {name: value for name, value in structs.asdict(change).items() if value is not None}
        return Rules.of(structs.replace(self.config, **said), tokenizer)
