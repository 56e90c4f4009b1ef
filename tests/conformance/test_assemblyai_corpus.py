"""The rules of turns over real speech: every recording, as a client of either family hears it.

In process and as fast as the recognizer goes, which changes no word and no turn.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import pytest
import pytest_asyncio

import corpus
from assemblyai_in_process import said_in_process
from assemblyai_turns import check_incremental, check_whole_turns
from assemblyai_wire import U3, US, Message, cut, of
from crossfade.audio import encode
from crossfade.model import Encoding
from crossfade.recognizers.onnx import EmbeddedRecognizer

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]

AT_ONCE = 4
HEADERLESS = {".raw", ".ulaw", ".gsm", ".g722"}
"""Files that do not say what they hold; the set has the same recordings in others."""

ONE_IN = 3
"""Of so many of the carried recordings, all but one are left for `make conformance`."""

ONE_IN_THE_LARGER_SET = 24

Check = Callable[[Sequence[Message]], None]

EITHER_FAMILY = pytest.mark.parametrize(
    ("query", "check"),
    [
        pytest.param(
            f"speech_model={US}&format_turns=true",
            partial(check_incremental, formatted=True),
            marks=pytest.mark.conformance(
                "assemblyai", "16.19", "US partials: prefix property: final words never change"
            ),
            id="US",
        ),
        pytest.param(
            f"speech_model={U3}",
            partial(check_whole_turns, partials_formatted=True),
            marks=pytest.mark.conformance(
                "assemblyai",
                "16.20",
                "U3: `SpeechStarted` immediately before each turn's first `Turn`; "
                "one EOT per turn, formatted",
            ),
            id="U3",
        ),
    ],
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recognizer(model_files):
    recognizer = EmbeddedRecognizer()
    await recognizer.start()
    yield recognizer
    await recognizer.aclose()


async def hold(
    recognizer: EmbeddedRecognizer,
    recordings: Sequence[corpus.Recording],
    query: str,
    check: Check,
) -> int:
    """Hold what is said about each recording against the rules; count the turns."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(recording: corpus.Recording) -> int:
        async with turn:
            frames = cut(encode(recording.samples(), Encoding.PCM_S16LE))
            said = await said_in_process(recognizer, f"/v3/ws?{query}", frames)
        try:
            check(said)
        except AssertionError as error:
            error.add_note(f"in {recording.id}")
            raise
        return len({message["turn_order"] for message in of(said, "Turn")})

    return sum(await asyncio.gather(*map(one, recordings)))


def is_whole(request: pytest.FixtureRequest) -> bool:
    return request.config.getoption("--conformance-docs")


@EITHER_FAMILY
async def test_the_rules_of_turns_hold_in_the_carried_recordings(
    recognizer, recordings, request, query, check
):
    # One of those that differ in their format alone.
    chosen = [r for r in recordings if r.category != "formats"] + [
        next(r for r in recordings if r.category == "formats")
    ]
    chosen = chosen if is_whole(request) else chosen[::ONE_IN]
    assert await hold(recognizer, chosen, query, check) >= len(chosen)


@pytest.mark.speech
@pytest.mark.timeout(1200)
@EITHER_FAMILY
async def test_the_rules_of_turns_hold_in_the_larger_set(
    recognizer, shared_speech, request, query, check, record_property
):
    readable = [r for r in shared_speech if r.path.suffix not in HEADERLESS]
    chosen = readable if is_whole(request) else readable[::ONE_IN_THE_LARGER_SET]
    n_turns = await hold(recognizer, chosen, query, check)
    record_property("recordings", len(chosen))
    record_property("turns", n_turns)
    assert n_turns >= len(chosen) / 2
