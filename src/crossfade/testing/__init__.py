"""Check a dialect the way Crossfade checks its own: against wire transcripts, and against noise.

    from crossfade.testing import check_dialect, read_transcript, replay

    def test_the_dialect_keeps_its_word():
        check_dialect(DIALECT, Path("tests/transcripts/mine"))

    def test_one_recording():
        replay(read_transcript(Path("one.jsonl")), DIALECT.server(DialectSettings()))

A wire transcript is a text file with one JSON object a line; ``crossfade.testing.transcript``
describes every kind of line. Failures are ``AssertionError`` and name the line. Needs no test
framework.
"""

from crossfade.testing.check import (
    check_any_frames,
    check_audio_chunks,
    check_dialect,
    check_transcript,
)
from crossfade.testing.replay import (
    Replay,
    TranscriptMismatchError,
    replay,
    replay_client,
)
from crossfade.testing.transcript import Line, parse_transcript, read_transcript

__all__ = [
    "Line",
    "Replay",
    "TranscriptMismatchError",
    "check_any_frames",
    "check_audio_chunks",
    "check_dialect",
    "check_transcript",
    "parse_transcript",
    "read_transcript",
    "replay",
    "replay_client",
]
