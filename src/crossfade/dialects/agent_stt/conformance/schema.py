"""What a server of this protocol may say, message by message: sections 10 and 15.

Written from the reference, not from our own messages, so that a slip there is not repeated here.
What is the same in the vendor's older protocol comes from its schema. Kinds of messages that are
not in the union are not of this protocol, words above all.
"""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from crossfade.dialects.cases import expect
from crossfade.dialects.speechmatics.conformance.schema import (
    AudioAdded,
    EndOfTranscript,
    Failed,
    Info,
    Message,
    RecognitionStarted,
    Seconds,
    SpeakersResult,
    Text,
)
from crossfade.dialects.wire import check_shape, find_null


class Segment(Struct, frozen=True, kw_only=True):
    """Section 10.3; no space at its ends."""

    transcript: Annotated[str, Meta(pattern=r"^\S(.*\S)?$")]
    speaker: Text | UnsetType = UNSET


class Span(Struct, frozen=True, kw_only=True):
    """Section 10.3."""

    start_time: Seconds
    end_time: Seconds


class Begin(Struct, frozen=True, kw_only=True):
    """Section 10.4. A second time beside it would be read as the only one."""

    start_time: Seconds
    end_time: UnsetType = UNSET


class End(Struct, frozen=True, kw_only=True):
    """Section 10.5."""

    end_time: Seconds
    start_time: UnsetType = UNSET


class AddSegment(Message, frozen=True, kw_only=True, tag=True):
    """Section 10.3."""

    segment: Segment
    metadata: Span


class AddPartialSegment(AddSegment, frozen=True, kw_only=True, tag=True):
    """Section 10.3."""


class Begins(Message, frozen=True, kw_only=True):
    """Section 10.4."""

    metadata: Begin


class SpeechStarted(Begins, frozen=True, kw_only=True, tag=True):
    """Section 10.4."""


class StartOfTurn(Begins, frozen=True, kw_only=True, tag=True):
    """Section 10.4."""


class Ends(Message, frozen=True, kw_only=True):
    """Section 10.5."""

    metadata: End


class SpeechEnded(Ends, frozen=True, kw_only=True, tag=True):
    """Section 10.5."""


class EndOfTurn(Ends, frozen=True, kw_only=True, tag=True):
    """Section 10.5."""


class Warned(Message, frozen=True, kw_only=True, tag="Warning"):
    """Section 15.2: here, other than in the older protocol, a type is optional."""

    reason: Text
    type: Text | UnsetType = UNSET


_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
    RecognitionStarted | AudioAdded | AddSegment | AddPartialSegment | SpeechStarted | SpeechEnded
    | StartOfTurn | EndOfTurn | SpeakersResult | EndOfTranscript | Info | Warned | Failed
)  # fmt: skip


def check(text: str) -> None:
    """Hold one message against the reference.

    Raises:
        UnmetError: If it is not as the reference says.
    """
    check_shape(_decoder, text)
    null = find_null(msgspec.json.decode(text))
    expect(null is None, "no null in any message (section 5)", f"null at {null}")
