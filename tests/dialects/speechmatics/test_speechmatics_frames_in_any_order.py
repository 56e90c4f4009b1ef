from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from crossfade.dialects.base import DialectSettings
from crossfade.dialects.speechmatics import DIALECT
from crossfade.dialects.speechmatics.messages import ErrorMessage
from crossfade.errors import CrossfadeError
from crossfade.model import Command
from crossfade.testing import check_dialect, read_transcript
from crossfade.testing.transcript import ClientSays

TRANSCRIPTS = Path(__file__).parents[2] / "transcripts" / "speechmatics"

RECORDED_FRAMES = [
    line.frame
    for path in sorted(TRANSCRIPTS.glob("*.jsonl"))
    for line in read_transcript(path)
    if isinstance(line, ClientSays)
]
CONFIG_KEYS = [
    "language", "additional_vocab", "max_delay", "diarization", "conversation_config",
    "end_of_utterance_silence_trigger", "timestamp", "audio_format", "transcription_config",
    "sample_rate", "encoding", "type", "channel", "data", "from", "to", "replacements", "speakers",
    "transcript_filtering_config", "translation_config", "target_languages", "message",
]  # fmt: skip
MESSAGES = [
    "StartRecognition", "AddChannelAudio", "EndOfStream", "EndOfChannel", "ForceEndOfUtterance",
    "SetRecognitionConfig", "GetSpeakers",
]  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(CONFIG_KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)
made_up_frames = st.builds(
    lambda name, fields: msgspec.json.encode({**fields, "message": name}).decode(),
    st.sampled_from(MESSAGES),
    st.dictionaries(st.sampled_from(CONFIG_KEYS), json_values, max_size=5),
)


def test_the_transcripts_hold_at_both_ends_and_so_does_everything_else_that_a_dialect_promises():
    check_dialect(DIALECT, TRANSCRIPTS)


@given(
    st.lists(
        st.sampled_from(RECORDED_FRAMES)
        | made_up_frames
        | json_values.map(lambda value: msgspec.json.encode(value).decode())
        | st.binary(max_size=32)
        | st.text(),
        max_size=8,
    )
)
def test_any_frames_in_any_order_give_commands_or_the_vendors_error(frames):
    server = DIALECT.server(DialectSettings())
    for frame in frames:
        try:
            commands = server.receive(frame)
        except CrossfadeError as error:
            refusal = server.refuse(error)
            message = msgspec.json.decode(refusal.frames[0], type=ErrorMessage)
            assert message.reason
            assert message.code == refusal.goodbye.code != 1011
            return
        assert all(isinstance(command, Command) for command in commands)
