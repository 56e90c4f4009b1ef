"""Who is listened to in a session: one leg, and for a while the one that will follow it.

Every leg hears the tape; only what the present one says goes onto the timeline and to our client.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial

from crossfade.client.conversation import changed
from crossfade.client.tape import Entry, Tape
from crossfade.client.timeline import Timeline
from crossfade.errors import CrossfadeError, UpstreamError
from crossfade.gateway.leg import Leg, is_paced, open_stream
from crossfade.gateway.losses import DeafError, StalledError
from crossfade.gateway.news import News
from crossfade.gateway.place import Place, now_s
from crossfade.gateway.rollover import Pause
from crossfade.gateway.speakers import SpeakerQuestions
from crossfade.model import (
    Audio,
    AudioAccepted,
    Event,
    Final,
    Finish,
    Partial,
    RawAudio,
    Reconfigure,
    SessionConfig,
    Silence,
    SpeakersIgnored,
    SpeakersKnown,
    StreamEvent,
    TurnEnded,
)
from crossfade.recognizers.base import RecognizerStream

TAKE_S = 5.0
"""For a backend to connect, and to take one chunk."""

LAST_WORDS_S = 20.0
"""For a backend that was told of the end, from one sign of life to the next: twice the audio that
may be ahead of its acknowledgements."""


class Stage:
    """Owned by a ``Course``, which says who comes next."""

    def __init__(
        self,
        config: SessionConfig,
        *,
        tape: Tape,
        timeline: Timeline,
        speakers: SpeakerQuestions,
        news: News,
        n_backends: int,
        is_alone: bool,
        first: RecognizerStream | None,
    ) -> None:
        """Begin empty.

        Args:
            config: What backends are asked for; its audio is raw.
            tape: What the session says.
            timeline: Where what comes back is put on the session's clock.
            speakers: Questions that are answered elsewhere.
            news: Where events are told.
            n_backends: Who might listen.
            is_alone: There is one backend and never another: its own client does what can be done
                about it, and nobody loses patience here.
            first: A stream that it has opened already.
        """
        assert isinstance(config.audio, RawAudio)
        self.tape = tape
        self.timeline = timeline
        self.news = news
        self.pause = Pause()
        self.leg: Leg | None = None
        self.successor: Leg | None = None
        self.stirred = asyncio.Event()
        """Something happened that may make it a good moment to change over."""
        self.is_alone = is_alone
        self.was_reached = False
        """Some backend took what this session said."""
        self.is_heard = False
        """The present leg, or the last one, said something."""
        self._n_backends = n_backends
        self._n_deaf = 0  # backends that had nothing to say to the same loud audio
        self._config = config
        self._wire = config.audio
        self._speakers = speakers
        self._first = first
        self._at_ms, self._n_chunks_before = 0, 0  # where the next leg begins
        self._alive: set[Leg] = set()
        self._processing_s = 0.0  # of the legs that are over
        self._speakers_ignored = False

    @property
    def processing_s(self) -> float:
        """What all backends took together."""
        return self._processing_s + sum(leg.stream.processing_s for leg in self._alive)

    def begin(self, place: Place) -> Leg:
        """Listen to a backend, from where the last one was left.

        Raises:
            ConfigError: If it cannot do what is asked.
            CapacityError: If it has no room.
        """
        first, self._first = self._first, None
        self.is_heard = False
        self.leg = self._begun(place, self._at_ms, self._n_chunks_before, stream=first)
        return self.leg

    def beside(self, leg: Leg) -> Leg:
        """Open a second session with a leg's backend, which hears the last words again.

        Raises:
            ConfigError: If it cannot do what is asked.
            CapacityError: If it has no room.
        """
        at_ms, n_chunks_before, heard = self.tape.heard_from(self._replay_from_ms(leg.place))
        return self._begun(leg.place, at_ms, n_chunks_before, heard)

    def hand_over(self, successor: Leg) -> list[Event]:
        """Listen to another leg from now on; returns what it has to say beyond the present one."""
        assert self.leg is not None
        assert self.leg.player is not None
        self.leg.player.cancel()
        promised = self.timeline.keep_promise()
        self.leg, self.successor = successor, None
        self._resume(successor.at_ms, successor.n_chunks_before)
        successor.add(self.tape.unanswered())  # forced ends are left to one of the two
        kept = (told for event in successor.kept for told in self._told(event))
        return [*promised, *self._speakers.answers(), *kept]

    async def rewind(self, place: Place) -> None:
        """Let the next leg, with ``place``, begin before the last final word.

        Questions to this one are over.
        """
        await self.news.tell(lambda: [*self.timeline.keep_promise(), *self._speakers.answers()])
        self._at_ms, self._n_chunks_before = self.tape.rewind(self._replay_from_ms(place))
        self._resume(self._at_ms, self._n_chunks_before)

    def end(self) -> list[Event]:
        """Say the last as a recognizer does, where the last one had no word left to say it with."""
        if self.pause.is_end:
            return []
        turn, at_ms = self.timeline.turn, self.timeline.settled_ms
        final = Final(turn=turn, words=(), through_ms=at_ms)
        return [final, Partial(turn=turn, words=(), through_ms=at_ms)]

    async def aclose(self) -> None:
        """Close what was never listened to."""
        if self._first is not None:
            await self._first.aclose()

    def _replay_from_ms(self, place: Place) -> int:
        return self.timeline.replay_from_ms(is_paced=is_paced(place.recognizer))

    def _resume(self, at_ms: int, n_chunks_before: int) -> None:
        self.timeline.resume(at_ms=at_ms, chunks_before=n_chunks_before, session_ms=0)
        self.pause.resume()

    def _begun(
        self,
        place: Place,
        at_ms: int,
        n_chunks_before: int,
        backlog: Sequence[Entry] = (),
        *,
        stream: RecognizerStream | None = None,
    ) -> Leg:
        if stream is None:
            behind_s = (self.tape.end_ms - at_ms) / 1000
            stream = open_stream(place.recognizer, self._config, behind_s=behind_s)
        leg = Leg(
            place=place,
            stream=stream,
            wire=self._wire,
            at_ms=at_ms,
            n_chunks_before=n_chunks_before,
            backlog=deque(backlog),
        )
        leg.begin(self._live(leg), on_end=self.stirred.set)
        return leg

    async def _live(self, leg: Leg) -> None:
        """One leg, from its first chunk to its last word."""
        self._alive.add(leg)
        leg.place.n_sessions += 1
        try:
            async with asyncio.TaskGroup() as group:
                leg.player = group.create_task(self._play(leg))
                await self._listen(leg)
                leg.player.cancel()
        except* CrossfadeError as errors:
            raise _first(errors) from None
        finally:
            leg.place.n_sessions -= 1
            self._alive.discard(leg)
            self._processing_s += leg.stream.processing_s
            await leg.stream.aclose()

    # What a leg hears ...

    async def _play(self, leg: Leg) -> None:
        """Let a backend hear what is on the tape, as fast as it takes it."""
        while not leg.is_end_told:
            command = (await self._next(leg)).command
            if isinstance(command, Audio):
                self._check_hearing(leg, command)
            leg.is_end_told = isinstance(command, Finish)
            await leg.feed(
                command,
                patience_s=None if self.is_alone else TAKE_S,
                # If our client does not read, no backend can go on.
                is_excused=lambda: self.news.is_full,
            )
            self.was_reached = True
        if not self.is_alone:
            await self._await_last_words(leg)

    def _check_hearing(self, leg: Leg, audio: Audio) -> None:
        """See that loud audio gets an answer, from one backend or another.

        Raises:
            DeafError: If it gets none; unless nobody has one: then it is noise, or music.
        """
        is_deaf = leg.deafness.push(audio.data, now_s=now_s())
        if is_deaf and not self.is_alone and self._n_deaf < self._n_backends:
            self._n_deaf += 1
            raise DeafError(f"the backend {leg.place.name} hears no words", cause="gone")

    async def _await_last_words(self, leg: Leg) -> None:
        """Wait until somebody ends this, or it does not come to its end.

        Raises:
            StalledError: If it says nothing more.
        """
        leg.alive_s = now_s()
        while (left_s := leg.alive_s + LAST_WORDS_S - now_s()) > 0:
            await asyncio.sleep(left_s)
            if self.news.is_full:  # our client does not read
                leg.alive_s = now_s()
        raise StalledError(f"the backend {leg.place.name} does not end", cause="gone")

    async def _next(self, leg: Leg) -> Entry:
        """What it is to be told next: its own backlog first, then, if it is its turn, the tape."""
        while not leg.backlog:
            if leg is self.leg:
                entry = await self.tape.next()
                self._played(entry)
                return entry
            leg.more.clear()
            await leg.more.wait()
        return leg.backlog.popleft()

    def _played(self, entry: Entry) -> None:
        """Count it as said before it is: the answer may be here before we are back."""
        self.tape.play(entry)
        if isinstance(entry.command, Reconfigure):
            self._config = changed(self._config, entry.command)
        if self.successor is not None and isinstance(entry.command, Audio | Reconfigure):
            self.successor.add([entry])

    # ... and what it says.

    async def _listen(self, leg: Leg) -> None:
        async for event in leg.stream.events():
            if isinstance(event, AudioAccepted):
                continue  # these are our chunks, not our client's
            if not isinstance(event, SpeakersIgnored):  # that is said before it is reached
                self._note(leg, event)
            await self.news.tell(partial(self._heard, leg, event))
            self.stirred.set()
        if not leg.is_end_told:
            raise UpstreamError(f"the backend {leg.place.name} ended early", cause="gone")

    def _note(self, leg: Leg, event: StreamEvent) -> None:
        if not leg.is_heard:
            leg.place.breaker.succeeded()
        leg.note(event)
        self.is_heard |= leg is self.leg

    def _heard(self, leg: Leg, event: StreamEvent) -> list[Event]:
        if leg is self.leg:
            return self._told(event)
        if leg is self.successor:
            leg.keep(event)
        return []  # else it was relieved

    def _told(self, event: StreamEvent) -> list[Event]:
        """Put an event on the timeline, and forget what need not be heard again; all or nothing."""
        if isinstance(event, SpeakersKnown):
            return [*self._speakers.hear(event)]
        if isinstance(event, SpeakersIgnored):
            was_told, self._speakers_ignored = self._speakers_ignored, True
            return [] if was_told else [event]
        told = self.timeline.take(event)
        for one in told:
            self.pause.take(one, now_s=now_s())
            if isinstance(one, Final | Partial) and one.words:
                self._n_deaf = 0
        match event:
            case TurnEnded(forced=True):
                self.tape.answered()
            case Final() | Silence():
                self.tape.trim(self.timeline.replay_from_ms(is_paced=False))
            case _:
                pass  # the others change nothing about what has to be heard again
        return told


def _first(group: BaseExceptionGroup[CrossfadeError]) -> CrossfadeError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
