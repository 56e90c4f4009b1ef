"""How sessions end, in order and otherwise: sections 12.7 and 14."""

import asyncio
import time
from functools import partial
from typing import Any

from crossfade.dialects.cases import Case, Endpoint, expect
from crossfade.dialects.speechmatics.conformance import common
from crossfade.dialects.speechmatics.conformance.session import (
    FILE,
    RAW,
    SECOND,
    Message,
    Wire,
    dial,
    end_message,
    play,
    speech,
    start_message,
)

END_LIMIT_S = 5.0
"""Section 12.7: for so long the voice SDK waits."""

NUMBERS: tuple[dict[str, Any], ...] = ({"last_seq_no": 1}, {"last_seq_no": 0}, {"last_seq_no": 99})

NO_MESSAGES: tuple[Message | str, ...] = (
    "{not json",
    "[]",
    {"no": "message"},
    {"message": "Bogus"},
    {"message": "endofstream"},
)


async def _end_in_order(endpoint: Endpoint) -> None:
    for partials in (True, False):
        async with dial(endpoint) as wire:
            await wire.start(enable_partials=partials)
            await wire.say(SECOND, SECOND)
            await wire.finish()
            wanted = ["AddTranscript", *["AddPartialTranscript"] * partials, "EndOfTranscript"]
            kinds = [m["message"] for m in wire.heard if m["message"] != "AudioAdded"]
            expect(kinds[-len(wanted) :] == wanted, " → ".join(wanted), wire.told())
            last = wire.of("AddPartialTranscript")[-1:]
            expect(not any(m["results"] for m in last), "an empty partial last", "words in it")


async def _end_in_time(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire, asyncio.TaskGroup() as group:
        await wire.start()
        # In the middle of a sentence: there is something to finish.
        hearing = group.create_task(wire.hear("EndOfTranscript", within_s=3 + END_LIMIT_S * 2))
        await play(wire, endpoint, speech(endpoint, 3.0), live=True)
        asked_at = time.monotonic()
        await wire.say(end_message())
        await hearing
        took_s = time.monotonic() - asked_at
    expect(took_s <= END_LIMIT_S, f"it within {END_LIMIT_S:g} s", f"after {took_s:.1f} s")


async def _number_is_not_checked(endpoint: Endpoint) -> None:
    for fields in NUMBERS:
        async with dial(endpoint) as wire:
            await wire.start()
            await wire.say(SECOND, end_message(**fields))
            await wire.hear("EndOfTranscript")


async def _number_may_be_missing(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start()
        await wire.say(SECOND, {"message": "EndOfStream"})
        await wire.hear("EndOfTranscript")


async def _no_audio(endpoint: Endpoint) -> None:
    for audio_format in (RAW, FILE):
        async with dial(endpoint) as wire:
            await wire.start(audio_format)
            await wire.finish()


async def _no_message_at_first(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.say("{not json")
        await wire.fails("invalid_message", 1003)


async def _second_end(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start()
        await wire.say(SECOND, end_message(), end_message(), start_message())
        await wire.hear("EndOfTranscript")


async def _own_ids(endpoint: Endpoint) -> None:
    ids = []
    for _ in range(2):
        async with dial(endpoint) as wire:
            ids.append((await wire.start())["id"])
            await wire.finish()
    expect(len(set(ids)) == 2, "another id for each session", "the same twice")


CASES = (
    Case(
        key="end.order",
        title="EndOfStream: last final, empty partial, EndOfTranscript, in that order",
        clause="12.7",
        line="21.24",
        run=_end_in_order,
        audio_s=4,
    ),
    Case(
        key="end.in-time",
        title="live audio: EndOfTranscript within 5 s of EndOfStream",
        clause="12.7",
        line="21.24",
        run=_end_in_time,
        audio_s=3,
    ),
    Case(
        key="end.number",
        title="a wrong last_seq_no, or 0, makes no difference",
        clause="7.4",
        line="21.25",
        run=_number_is_not_checked,
        audio_s=3,
    ),
    Case(
        key="end.no-number",
        title="last_seq_no may be missing",
        clause="7.4",
        line="21.25",
        run=_number_may_be_missing,
        audio_s=1,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="end.late-audio",
        title="audio after EndOfStream: no acknowledgement, one warning at most",
        clause="6",
        line="21.26",
        run=partial(common.drops_late_audio, Wire),
        audio_s=3,
    ),
    Case(
        key="end.late-messages",
        title="other messages after EndOfStream are ignored",
        clause="6",
        run=_second_end,
        audio_s=1,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="end.no-audio",
        title="EndOfStream without audio: EndOfTranscript",
        clause="6",
        line="21.27",
        run=_no_audio,
    ),
    Case(
        key="end.no-message",
        title="no JSON, no object, no message, an unknown one: invalid_message, 1003",
        clause="14.3",
        line="21.28",
        run=partial(common.takes_no_nonsense, Wire, NO_MESSAGES),
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="end.no-first-message",
        title="no JSON as first message: invalid_message, 1003",
        clause="14.3",
        line="21.28",
        run=_no_message_at_first,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="end.closes",
        title="nothing after EndOfTranscript; the server closes, 1000, if the client does not",
        clause="5",
        run=partial(common.closes, Wire),
    ),
    Case(
        key="end.next-session",
        title="every session has an id of its own",
        clause="10.1",
        run=_own_ids,
    ),
)
