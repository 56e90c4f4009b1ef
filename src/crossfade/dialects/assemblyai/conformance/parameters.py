"""What may stand in the query, and what is refused how: section 5."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from crossfade.dialects.assemblyai.conformance.session import INVALID, U3, US, dial
from crossfade.dialects.cases import Case, Endpoint, UnmetError

UNKNOWN = ("speechModel=x&foo=1", "formatted_finals=true&sampleRate=8000", "&&=")
BOOLEANS = ("True", "TRUE", "true", "1", "False", "0")
WRITTEN = (
    "keyterms_prompt=%5B%22New+York%22%2C+%22a%22%5D",
    "keyterms_prompt=%5B%22New%20York%22,%22a%22%5D",
    "language_codes=en",
    "min_turn_silence=400.0&end_of_turn_confidence_threshold=4e-1",
    "min_end_of_turn_silence_when_confident=500",
    "speech_model=",
)
Run = Callable[[Endpoint], Awaitable[None]]


async def _unknown_names(endpoint: Endpoint) -> None:
    await _accepted(endpoint, UNKNOWN)


async def _booleans(endpoint: Endpoint) -> None:
    await _accepted(endpoint, [f"speech_model={US}&format_turns={word}" for word in BOOLEANS])


async def _as_clients_write(endpoint: Endpoint) -> None:
    await _accepted(endpoint, WRITTEN)


async def _long_query(endpoint: Endpoint) -> None:
    terms = [f"{'ж' * 45} {number:04}" for number in range(100)]
    texts: dict[str, Any] = {"prompt": "語" * 1750, "agent_context": "Ü" * 1750}
    async with dial(endpoint, speech_model=U3, keyterms_prompt=terms, **texts) as wire:
        await wire.begin()
        await wire.terminate()


async def _accepted(endpoint: Endpoint, queries: list[str] | tuple[str, ...]) -> None:
    for query in queries:
        async with dial(endpoint, query=query) as wire:
            try:
                await wire.begin()
                await wire.terminate()
            except UnmetError as error:
                raise UnmetError(f"{error.expected} for {query}", error.came) from None


def _refused(name: str, said: str, **parameters: Any) -> Run:
    """Ask for what cannot be, and expect ``Error`` 3006 instead of ``Begin``."""
    return partial(_refusal, parameters, f"{INVALID}Invalid '{name}': {said}")


async def _refusal(parameters: dict[str, Any], text: str, endpoint: Endpoint) -> None:
    async with dial(endpoint, **parameters) as wire:
        await wire.fails(3006, text)


CASES = (
    Case(
        key="parameters.unknown",
        title="unknown and misspelled names are ignored",
        clause="5.1",
        line="16.6",
        run=_unknown_names,
        audio_s=3,
    ),
    Case(
        key="parameters.booleans",
        title="True, TRUE, true, 1, False and 0 are read",
        clause="5.1",
        line="16.7",
        run=_booleans,
        audio_s=6,
    ),
    Case(
        key="parameters.written",
        title="values are read as clients write them",
        clause="5.1",
        run=_as_clients_write,
        audio_s=6,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="parameters.long",
        title="a query of 80 kilobytes is read",
        clause="2.2",
        run=_long_query,
        audio_s=1,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="parameters.sample-rate",
        title="sample_rate=7000: Error 3006 before Begin",
        clause="5.2",
        line="16.5",
        run=_refused("sample_rate", "Value error, sample_rate must be at least", sample_rate=7000),
    ),
    Case(
        key="parameters.encoding",
        title="encoding=flac: Error 3006 before Begin",
        clause="5.2",
        line="16.5",
        run=_refused("encoding", "", encoding="flac"),
    ),
    Case(
        key="parameters.model",
        title="speech_model=nope: Error 3006 before Begin, with those there are",
        clause="5.2",
        line="16.5",
        run=_refused("speech_model", "Input should be ", speech_model="nope"),
    ),
    Case(
        key="parameters.keyterms",
        title="101 key terms: Error 3006 before Begin",
        clause="5.2",
        line="16.5",
        run=_refused(
            "keyterms_prompt", "Value error, Max 100 items", keyterms_prompt=["term"] * 101
        ),
    ),
    Case(
        key="parameters.no-list",
        title="a list that is none: Error 3006 before Begin",
        clause="5.2",
        line="16.5",
        run=_refused("keyterms_prompt", "Value error, Invalid JSON array", keyterms_prompt="x"),
    ),
    Case(
        key="parameters.prompt",
        title="a prompt of 1751 characters: Error 3006 before Begin",
        clause="5.2",
        line="16.5",
        run=_refused(
            "prompt",
            "Value error, prompt exceeds maximum length of 1750 characters",
            speech_model=U3,
            prompt="x" * 1751,
        ),
    ),
    Case(
        key="parameters.language",
        title="a language that there is not: Error 3006 that names its place in the list",
        clause="5.2",
        line="16.5",
        run=_refused("language_codes.1", "Input should be ", language_codes=["en", "tlh"]),
    ),
    Case(
        key="parameters.range",
        title="numbers out of range: Error 3006 before Begin",
        clause="5.2",
        line="16.5",
        run=_refused(
            "inactivity_timeout",
            "Input should be greater than or equal to 5",
            inactivity_timeout=4,
        ),
    ),
    Case(
        key="parameters.integer",
        title="no integer: Error 3006 before Begin",
        clause="5.2",
        line="16.5",
        run=_refused(
            "min_turn_silence", "Input should be a valid integer", min_turn_silence="soon"
        ),
        needs=frozenset({"our-choice"}),
    ),
)
