"""From events to transcripts: windows, text, and what follows what. Section 12 of the reference.

One writer a channel. The windows of its finals tile the audio, no item starts before the last
window ended, and a partial follows every final.
"""

from collections.abc import Iterable, Sequence

from crossfade.dialects.speechmatics.configuration import TranscriptionConfig
from crossfade.dialects.speechmatics.editing import Editor
from crossfade.dialects.speechmatics.holding import Holding
from crossfade.dialects.speechmatics.items import ItemWriter, to_cs
from crossfade.dialects.speechmatics.messages import (
    FORMAT,
    AddPartialTranscript,
    AddTranscript,
    EndOfUtterance,
    Item,
    Moment,
    TranscriptMetadata,
)
from crossfade.dialects.speechmatics.start import Plan, max_delay_ms
from crossfade.model import Final, Partial, Silence, TurnEnded, Word

MAX_WORDS = 250
"""Words in one message. Some clients drop the connection above 1 MiB; this is about 75 KiB, and 600
if all are numbers of 15 digits, with spoken forms."""

Transcript = AddTranscript | AddPartialTranscript


def transcript_text(results: Iterable[Item], *, delimiter: str, final: bool) -> str:
    """Join items to the ``transcript`` of a message; a final ends with the delimiter."""
    text = ""
    glue = True  # no delimiter before the first item
    for item in results:
        if not glue and item.attaches_to not in ("previous", "both"):
            text += delimiter
        text += item.alternatives[0].content
        glue = item.attaches_to in ("next", "both")
    return text + delimiter if final and text and not glue else text


class TranscriptWriter:
    """Writes one channel's events as messages, and knows how far its finals have come."""

    def __init__(self, plan: Plan) -> None:
        self._language = plan.language
        self._editor = Editor(plan.wire, plan.language, plan.replacements)
        self._items = ItemWriter(plan.wire, plan.language)
        self._holding = Holding()
        self._settled_cs = 0
        self._open: tuple[Word, ...] = ()  # edited, of the last partial
        self._forced = False  # the last final was; the partial that belongs to it is to say so too
        self.change(plan.wire)

    def change(self, wire: TranscriptionConfig) -> None:
        """Write as a changed configuration says, from here on."""
        self._wire = wire
        self._items.has_volume = wire.audio_filtering_config is not None

    def tell(
        self, event: Final | Partial | Silence | TurnEnded
    ) -> Sequence[Transcript | EndOfUtterance]:
        """Write one event."""
        match event:
            case Final():
                return self._tell_final(event)
            case Partial():
                return self._tell_partial(event)
            case Silence():
                return self._tell_silence(event)
            case TurnEnded():
                return [*self._release(event.at_ms), *self._end_of_utterance(event)]

    def finish(self) -> Sequence[Transcript]:
        """Write what was held back, if anything was: nothing more will come."""
        return self._release(0)

    def _tell_final(self, event: Final) -> Sequence[Transcript]:
        """Write words that will not change.

        A very long final becomes several, each but the last with a partial of its own, since
        clients wait for one after every final. That after the last is an event of its own.
        """
        said: list[Transcript] = []
        self._forced = event.forced
        due = self._due(event)
        if not due and self._holding.words:
            return []
        while len(due) > MAX_WORDS:
            batch, due = due[:MAX_WORDS], due[MAX_WORDS:]
            said.append(self._final(batch, through_ms=0))
            said += self._partials(due, through_ms=0)
        held = self._holding.words
        through_ms = min(event.through_ms, held[0].start_ms) if held else event.through_ms
        said.append(self._final(due, through_ms=through_ms))
        return said

    def _due(self, event: Final) -> tuple[Word, ...]:
        words = self._editor.final(event.words)
        may_wait = self._wire.max_delay_mode == "flexible" and self._items.has_entities
        if event.forced or not may_wait:
            return (*self._holding.release(), *words)
        return self._holding.settle(words)

    def _tell_partial(self, event: Partial) -> Sequence[Transcript]:
        """Write what is not final yet; held words too, unless it shows that they are complete."""
        self._open = self._editor.partial(event.words)
        if self._holding.is_over(
            self._open, through_ms=event.through_ms, max_delay_ms=max_delay_ms(self._wire)
        ):
            return self._release(event.through_ms)
        said = self._partials((*self._holding.words, *self._open), through_ms=event.through_ms)
        self._forced = False
        return said

    def _tell_silence(self, event: Silence) -> Sequence[Transcript]:
        """Move the clients' clocks forward by a window without words."""
        self._open = ()
        return [
            *self._release(event.start_ms),
            self._final((), through_ms=event.end_ms),
            *self._partials((), through_ms=event.end_ms),
        ]

    def _release(self, through_ms: int) -> Sequence[Transcript]:
        """Write what was held back, and what is open behind it."""
        held = self._holding.release()
        if not held:
            return []
        return [self._final(held, through_ms=0), *self._partials(self._open, through_ms=through_ms)]

    def _end_of_utterance(self, event: TurnEnded) -> Sequence[EndOfUtterance]:
        if not (event.forced or self._wire.conversation_config.end_of_utterance_silence_trigger):
            return []
        at_s = max(to_cs(event.at_ms), self._settled_cs) / 100
        moment = Moment(start_time=at_s, end_time=at_s)
        return [EndOfUtterance(format=FORMAT, metadata=moment, forced=event.forced)]

    def _final(self, words: Sequence[Word], *, through_ms: int) -> AddTranscript:
        start_cs = self._settled_cs
        results = tuple(self._items.items(words, from_cs=start_cs))
        self._settled_cs = max(_end_cs(results, start_cs), to_cs(through_ms))
        return AddTranscript(
            format=FORMAT,
            results=results,
            metadata=self._window(results, start_cs, self._settled_cs, final=True),
            forced=self._forced,
        )

    def _partials(self, words: Sequence[Word], *, through_ms: int) -> list[AddPartialTranscript]:
        """A partial, if the client wants any."""
        if not self._wire.enable_partials:
            return []
        results = tuple(self._items.items(words[:MAX_WORDS], from_cs=self._settled_cs))
        position_cs = max(to_cs(through_ms), self._settled_cs)
        start_cs = self._settled_cs if results else position_cs
        metadata = self._window(results, start_cs, _end_cs(results, start_cs), final=False)
        return [
            AddPartialTranscript(
                format=FORMAT, results=results, metadata=metadata, forced=self._forced
            )
        ]

    def _window(
        self, results: Sequence[Item], start_cs: int, end_cs: int, *, final: bool
    ) -> TranscriptMetadata:
        delimiter = self._language.word_delimiter
        return TranscriptMetadata(
            start_time=start_cs / 100,
            end_time=end_cs / 100,
            transcript=transcript_text(results, delimiter=delimiter, final=final),
        )


def _end_cs(results: Sequence[Item], start_cs: int) -> int:
    return round(results[-1].end_time * 100) if results else start_cs
