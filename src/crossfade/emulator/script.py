"""What is to be said, when, and what is to go wrong: a script, as people write it.

A script is a list of entries, in YAML or as one JSON object a line:

    - say: Good morning. Welcome aboard.
      at_ms: 500
      turn_confidence: 0.9
    - fault: drop
      after_words: 4
    - set: {repeat_ms: 10000}

An entry with ``say`` or ``words`` is an ``Utterance``, one with ``fault`` a ``Fault``, one with
``set`` holds ``Options``. Positions are milliseconds of the session's audio, as everywhere.
``reading`` makes a script of a file.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from crossfade.emulator.faults import Fault
from crossfade.errors import CrossfadeError
from crossfade.model import Word
from crossfade.recognizers.play import NO_CUE, TurnCue
from crossfade.recognizers.scripted import spoken

FIRST_MS = 500
"""Where a script begins to speak that does not say where."""

PAUSE_MS = 1000
"""Between utterances that do not say where they begin."""

SAYING = "Good morning. These words come from the emulator. Nobody has listened to you."
"""What an emulator says that has no script."""

_SENTENCE = re.compile(r"(?<=[.?!])\s+")

_Position = Annotated[int, Meta(ge=0)]
_Length = Annotated[int, Meta(ge=1)]
_Share = Annotated[float, Meta(ge=0, le=1)]
_Text = Annotated[str, Meta(pattern=r"\S")]


class ScriptError(CrossfadeError):
    """A script that cannot be played; the message says where and why.

    Attributes:
        utterance: Which one is at fault, from 0; ``None``: not one alone.
    """

    def __init__(self, why: str, *, utterance: int | None = None) -> None:
        super().__init__(why)
        self.utterance = utterance


class SpokenWord(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One word of an utterance that is given word by word."""

    text: Annotated[str, Meta(pattern=r"^\S+$")]
    """With the mark that follows it."""
    start_ms: _Position
    end_ms: _Length
    confidence: _Share | None = None
    """``None``: the utterance's."""


class Utterance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words that are spoken without a pause."""

    say: _Text | None = None
    """Words at an even pace; or else ``words``."""
    words: Annotated[tuple[SpokenWord, ...], Meta(min_length=1)] | None = None
    at_ms: _Position | None = None
    """Where the first word of ``say`` begins; ``None``: a second after the last one before it."""
    word_ms: _Length = 300
    gap_ms: _Position = 100
    confidence: _Share = 0.95
    """Of each word."""
    speaker: str | None = None
    """Told where the client asks for speakers."""
    channel: str | None = None
    """Heard in this channel only; ``None``: in each."""
    ends_turn: bool | None = None
    """The turn ends behind it, or does not; ``None``: by the rule that the client asked for."""
    turn_after_ms: _Position = 0
    """Silence at which ``ends_turn`` ends it."""
    turn_confidence: _Share | None = None
    """That the speaker has finished behind it; ``None``: estimated from its words."""


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for the whole script."""

    repeat_ms: _Length | None = None
    """Say it again and again, this far apart."""
    languages: tuple[str, ...] = ()
    """The only codes that sessions may ask for; empty: any."""
    say_rest: bool = False
    """When the audio ends before the script does, what is left is said then. For clients under test
    that send little audio; a real server would know nothing of it."""


NO_OPTIONS = Options()


class Script(Struct, frozen=True, kw_only=True):
    """Everything that was written, in order."""

    utterances: tuple[Utterance, ...] = ()
    faults: tuple[Fault, ...] = ()
    options: Options = NO_OPTIONS

    @property
    def has_speakers(self) -> bool:
        """Somebody's name is in it."""
        return any(utterance.speaker is not None for utterance in self.utterances)

    def part(self, channel: str | None) -> "Part":
        """What is heard in one channel."""
        return Part(self, channel)


class Part:
    """The words of one channel, over and over where the script is repeated."""

    def __init__(self, script: Script, channel: str | None) -> None:
        """Lay the words out.

        Args:
            script: All of it.
            channel: Whose words; ``None``: a session without channels hears every utterance.

        Raises:
            ScriptError: If words overlap, or the script is longer than the repetition.
        """
        self.once: tuple[Word, ...] = ()
        """What is said before it is repeated."""
        self._cues: dict[int, TurnCue] = {}
        self._repeat_ms = script.options.repeat_ms
        last_ms = FIRST_MS - PAUSE_MS
        for number, utterance in enumerate(script.utterances):
            if channel is not None and utterance.channel not in (None, channel):
                continue
            try:
                words = tuple(_words(utterance, last_ms + PAUSE_MS))
                _check_order(last_ms, words)
            except ScriptError as error:
                raise ScriptError(str(error), utterance=number) from error
            self.once += words
            last_ms = words[-1].end_ms
            self._cues[words[-1].start_ms] = TurnCue(
                ends=utterance.ends_turn,
                after_ms=utterance.turn_after_ms,
                confidence=utterance.turn_confidence,
            )
        if self._repeat_ms is not None and self.end_ms > self._repeat_ms:
            raise ScriptError(
                f"repeat_ms is {self._repeat_ms}, but the last word ends at {self.end_ms} ms"
            )

    @property
    def end_ms(self) -> int:
        """Where the last word ends, the first time."""
        return self.once[-1].end_ms if self.once else 0

    def words(self) -> Iterator[Word]:
        """Every word, without end if the script is repeated."""
        yield from self.once
        shift_ms = self._repeat_ms or 0
        while shift_ms and self.once:
            for word in self.once:
                yield replace(
                    word, start_ms=word.start_ms + shift_ms, end_ms=word.end_ms + shift_ms
                )
            shift_ms += self._repeat_ms or 0

    def cue(self, word: Word) -> TurnCue:
        """What the script says about a turn that ends behind this word."""
        at_ms = word.start_ms if self._repeat_ms is None else word.start_ms % self._repeat_ms
        return self._cues.get(at_ms, NO_CUE)

    def end_of_word(self, number: int) -> int | None:
        """Where the word with this number, from 1, ends; ``None``: there are fewer."""
        if not self.once:
            return None
        round_number, at = divmod(number - 1, len(self.once))
        if round_number and self._repeat_ms is None:
            return None
        return self.once[at].end_ms + round_number * (self._repeat_ms or 0)


def as_script(text: str, options: Options = NO_OPTIONS) -> Script:
    """Make a script of plain text: its sentences are said with a second between them."""
    sentences = _SENTENCE.split(text.strip())
    utterances = tuple(Utterance(say=said) for said in sentences if said)
    return Script(utterances=utterances, options=options)


def _check_order(last_ms: int, words: Sequence[Word]) -> None:
    for word in words:
        if word.start_ms < last_ms:
            raise ScriptError(
                f"a word begins at {word.start_ms} ms, before the one in front of it "
                f"ends at {last_ms} ms"
            )
        last_ms = word.end_ms


def _words(utterance: Utterance, next_ms: int) -> Sequence[Word]:
    if utterance.words is not None:
        return [_word(word, utterance) for word in utterance.words]
    words = spoken(
        utterance.say or "",
        start_ms=next_ms if utterance.at_ms is None else utterance.at_ms,
        word_ms=utterance.word_ms,
        gap_ms=utterance.gap_ms,
    )
    return [
        replace(word, confidence=utterance.confidence, speaker=utterance.speaker) for word in words
    ]


def _word(word: SpokenWord, utterance: Utterance) -> Word:
    if word.end_ms <= word.start_ms:
        raise ScriptError(f"a word ends at {word.end_ms} ms, not after its start")
    confidence = utterance.confidence if word.confidence is None else word.confidence
    (only,) = spoken(word.text, start_ms=word.start_ms, word_ms=word.end_ms - word.start_ms)
    return replace(only, confidence=confidence, speaker=utterance.speaker)
