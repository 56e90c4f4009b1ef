"""One stream on its own audio clock: samples in, decode jobs out, hypotheses back in, events out.

Everything is decided at the borders of 32 ms windows of the session's audio, so neither the way a
client cuts its chunks nor the speed at which it sends them changes a word: a file pushed at full
speed meets the same decisions as the same audio in real time. No threads, no clock, no queue of
its own; whoever drives it runs the jobs.
"""

from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from msgspec import structs

from crossfade.audio.pcm import Samples
from crossfade.model import Reconfigure, SessionConfig, Speaker, StreamEvent
from crossfade.recognizers.endpointing import PAUSE_MS
from crossfade.recognizers.onnx.ear import WINDOW_MS, Ear, Window
from crossfade.recognizers.onnx.guards import trusted
from crossfade.recognizers.onnx.hypothesis import Hypothesis
from crossfade.recognizers.onnx.jobs import Heard, Job, JobKind, Wanted
from crossfade.recognizers.onnx.model import Moonshine
from crossfade.recognizers.onnx.report import Report, Words
from crossfade.recognizers.onnx.rules import PREVIEW_AFTER_MS, SPEECH_OFF_GAP, SPEECH_ON, Rules
from crossfade.recognizers.onnx.segment import GUARD_MS, SAMPLES_PER_MS, Segment
from crossfade.recognizers.onnx.speakers.tracker import SpeakerTracker, SpeakerWindow
from crossfade.recognizers.onnx.vad import WINDOW_SAMPLES, VadState
from crossfade.recognizers.onnx.voice import VoiceEdges

# Measured over 301 clips; each alternative that was tried cost 0.2 to 3 points of word error rate.
ONSET_WINDOWS = 3
PREROLL_MS = 300
TAIL_MS = 250  # how much of the silence after speech a final decode hears
CLOSE_MS = 800  # non-speech that closes a segment
SETTLED_TAIL_MS = 100  # of it, how much is settled with the final; the rest is the next preroll
RING_WINDOWS = 48  # 1.5 s

FIRST_PARTIAL_MS = 200  # after the onset of speech

SILENCE_EVENT_MS = 1000
SILENCE_MARGIN_MS = 500  # a word may begin up to onset + preroll before the speech is noticed


@dataclass(frozen=True, slots=True)
class _Force:
    at_ms: int | None


@dataclass(frozen=True, slots=True)
class _Finish:
    pass


class Transcriber:
    """The state of one stream between decodes."""

    def __init__(
        self,
        model: Moonshine,
        vad: VadState,
        config: SessionConfig,
        *,
        speakers: SpeakerTracker | None = None,
    ) -> None:
        """Start at position 0, in silence.

        Args:
            model: Shared by all streams.
            vad: This stream's own.
            config: What the client asked for.
            speakers: This stream's own, if it tells speakers apart.
        """
        self.wanted: Wanted | None = None
        """The decode that is due; nothing moves on until it was done."""
        self.done = False
        """The last event has been given out."""
        self._model = model
        self._ear = Ear(vad)
        self._speakers = speakers
        self._edges = (
            VoiceEdges(on=SPEECH_ON, off=SPEECH_ON - SPEECH_OFF_GAP, onset_windows=ONSET_WINDOWS)
            if config.voice_edges_wanted
            else None
        )
        self._rules = Rules.of(config, model.tokenizer)
        self._pending: deque[Window | _Force | _Finish | Reconfigure] = deque()
        self._report = Report()
        self._ring: deque[Samples] = deque(maxlen=RING_WINDOWS)
        self._now = 0
        self._segment: Segment | None = None
        self._onset_windows = 0
        self._voiced_windows = 0
        self._last_speech = 0
        self._all_settled = 0
        self._last_decode_ms = 0
        self._last_look_ms = 0
        self._paused = False
        self._at_pause: tuple[Job, Hypothesis] | None = None
        self._finishing = False

    # What the driver does

    def hear(self, samples: Samples) -> None:
        """Take audio, shape (n_samples,), mono float32 at 16 kHz. About 0.15 ms for 100 ms."""
        self._pending.extend(self._ear.hear(samples))

    def speech_peak(self) -> float:
        """The highest speech probability since the last call."""
        return self._ear.speech_peak()

    def speakers(self) -> tuple[Speaker, ...]:
        """Who was heard so far; nobody, where speakers are not told apart."""
        return self._speakers.heard() if self._speakers is not None else ()

    def unreadable_speakers(self) -> tuple[str, ...]:
        """Labels of known speakers of whom not every identifier was one of ours."""
        return self._speakers.unreadable if self._speakers is not None else ()

    def force(self, at_ms: int | None) -> None:
        """Mark a forced end of the turn behind all audio heard so far."""
        self._pending.append(_Force(at_ms))

    def reconfigure(self, change: Reconfigure) -> None:
        """Change settings for the audio that follows."""
        self._pending.append(change)

    def finish(self) -> None:
        """Mark the end of the audio; the window that is not full is filled with silence."""
        self._pending.extend(self._ear.fill())
        self._pending.append(_Finish())

    def step(self, *, late: bool = False, has_room: bool = False) -> None:
        """Move along the audio until a decode is due or no audio is left.

        Args:
            late: A partial is due but could not begin for a while: move on past it, so that it
                is not stale when it does. A final that becomes due meanwhile takes its place.
            has_room: Where no audio is left, a decode that is not due may be wanted too.
        """
        while self._pending and (self.wanted is None or (late and not self.wanted.kind.urgent)):
            match self._pending.popleft():
                case Window() as window:
                    self._window(window)
                case _Force(at_ms):
                    self._force(at_ms)
                case _Finish():
                    self._finish()
                case Reconfigure() as change:
                    self._rules = self._rules.changed(change, self._model.tokenizer)
        if has_room and self.wanted is None and self._has_something_new:
            self.wanted = Wanted(JobKind.PREVIEW)

    @property
    def starved(self) -> bool:
        """There is no audio to move along."""
        return not self._pending

    def take_job(self) -> Job:
        """Begin the decode that is due, with the newest audio. The segment is lent until ``apply``.

        Only valid while ``wanted`` is set.
        """
        wanted, segment = self.wanted, self._segment
        assert wanted is not None
        assert segment is not None
        through = self._now
        if wanted.kind >= JobKind.TURN:
            through = min(through, self._last_speech + TAIL_MS * SAMPLES_PER_MS)
        return Job(wanted, segment, through, self._rules.terms, self._speaker_windows(wanted))

    def apply(self, job: Job, heard: Heard) -> None:
        """Take a job's result."""
        hypothesis = heard.hypothesis
        if self._speakers is not None:
            for window, voice in zip(job.windows, heard.voices, strict=True):
                self._speakers.apply(window, voice)
        self.wanted = None
        self._last_look_ms = self._now_ms
        if job.wanted.kind is JobKind.PREVIEW:
            still_open = self._told(job.segment.still_open(hypothesis), job)
            self._report.preview(still_open, through_ms=hypothesis.through_ms)
            return
        self._last_decode_ms = self._now_ms
        if job.wanted.kind < JobKind.TURN:
            self._apply_partial(job, hypothesis)
        else:
            self._settle_rest(job, hypothesis)

    def _speaker_windows(self, wanted: Wanted) -> tuple[SpeakerWindow, ...]:
        if self._speakers is None or wanted.kind is JobKind.PREVIEW:
            return ()
        if wanted.kind >= JobKind.TURN:
            self._speakers.flush()
        return tuple(iter(self._speakers.next_window, None))

    def take_events(self) -> list[StreamEvent]:
        """Hand over what happened since the last call, in order."""
        return self._report.take()

    # Along the audio

    @property
    def _now_ms(self) -> int:
        return self._now // SAMPLES_PER_MS

    @property
    def _silence_ms(self) -> int:
        return (self._now - self._last_speech) // SAMPLES_PER_MS

    @property
    def _turn_is_over(self) -> bool:
        return self._report.turn_is_over(self._rules.endpointing, self._silence_ms)

    def _window(self, window: Window) -> None:
        self._now += WINDOW_SAMPLES
        self._ring.append(window.samples)
        if self._speakers is not None:
            self._speakers.hear(window.samples, window.speech)
        if self._edges is not None:
            self._report.edge(
                self._edges.hear(window.speech, self._now_ms - WINDOW_MS, self._now_ms)
            )
        if self._segment is not None:
            self._segment.append(window.samples)
            if window.speech > self._rules.speech_on - SPEECH_OFF_GAP:
                self._speak(window.speech)
            self._plan()
            return
        is_speech = window.speech > self._rules.speech_on
        self._onset_windows = self._onset_windows + 1 if is_speech else 0
        if self._onset_windows == ONSET_WINDOWS:
            self._open(window.speech)
        else:
            self._idle()

    def _speak(self, speech: float) -> None:
        self._last_speech = self._now
        self._voiced_windows += 1
        self._report.speech(self._now_ms - WINDOW_MS, speech)
        if self._paused:
            self._paused = False
            self._at_pause = None
            self._report.forget()

    def _open(self, speech: float) -> None:
        """Speech was noticed: open a segment that reaches back to before its onset."""
        onset = self._now - self._onset_windows * WINDOW_SAMPLES
        heard = self._now - len(self._ring) * WINDOW_SAMPLES
        start = max(
            onset - PREROLL_MS * SAMPLES_PER_MS, self._report.settled_ms * SAMPLES_PER_MS, heard, 0
        )
        self._segment = Segment(
            self._model,
            start=start,
            floor_ms=self._report.settled_ms,
            volume_wanted=self._rules.config.volume_wanted,
        )
        recent = np.concatenate(tuple(self._ring))
        self._segment.append(recent[len(recent) - (self._now - start) :])
        self._last_speech = self._now
        self._paused = False
        self._voiced_windows = self._onset_windows
        self._onset_windows = 0
        onset_ms = onset // SAMPLES_PER_MS
        self._last_decode_ms = onset_ms + FIRST_PARTIAL_MS - self._rules.interval_ms
        self._last_look_ms = onset_ms
        self._report.speech(onset_ms, speech)

    def _idle(self) -> None:
        """A window without a segment: the turn may run out, silence is reported."""
        quiet_ms = self._now_ms - SILENCE_MARGIN_MS
        if self._turn_is_over:
            self._end_turn(through_ms=quiet_ms)
        if quiet_ms - self._report.settled_ms >= SILENCE_EVENT_MS:
            self._report.silence(quiet_ms)

    def _plan(self) -> None:
        """Decide which decode is due, if any, at the end of a window within a segment."""
        if self._silence_ms and self._turn_is_over:
            self._want(Wanted(JobKind.TURN))
        elif self._silence_ms >= CLOSE_MS:
            if self._has_unsettled_speech:
                self._want(Wanted(JobKind.CLOSE))
            else:
                self._segment = None
        elif self._report.turn_is_long(self._rules.endpointing, self._now_ms):
            self._want(Wanted(JobKind.TURN, until_ms=self._now_ms - GUARD_MS))
        elif not self._has_unsettled_speech:
            pass
        elif not self._paused and self._rules.is_pause(self._silence_ms):
            self._want(Wanted(JobKind.PAUSE))
        elif self._has_overdue_word:
            self._want(Wanted(JobKind.DUE))
        elif (
            self._now_ms - self._last_decode_ms >= self._rules.interval_ms
            and self._has_spoken_since(self._last_decode_ms)
        ):
            self._want(Wanted(JobKind.PARTIAL))

    @property
    def _has_something_new(self) -> bool:
        """Words may have been said that nobody has seen yet.

        Whether a turn has begun is not for a preview to say: it may hear words in noise.
        """
        return (
            self._rules.config.partials_wanted
            and self._report.has_words
            and self._segment is not None
            and self._has_unsettled_speech
            and self._now_ms - self._last_look_ms >= PREVIEW_AFTER_MS
            and self._has_spoken_since(self._last_look_ms)
        )

    def _has_spoken_since(self, look_ms: int) -> bool:
        """Someone spoke after a decode, or so shortly before that it hardly heard it."""
        return self._last_speech // SAMPLES_PER_MS > look_ms - 100

    @property
    def _has_unsettled_speech(self) -> bool:
        """Someone spoke since all that had been said was settled."""
        return self._last_speech > self._all_settled

    @property
    def _has_overdue_word(self) -> bool:
        assert self._segment is not None
        oldest_ms = self._segment.oldest_open_ms
        return oldest_ms is not None and self._now_ms - oldest_ms >= self._rules.overdue_ms

    def _want(self, wanted: Wanted) -> None:
        """Note that a decode is due, unless what it would find is known from the pause before."""
        if self._at_pause is not None and wanted.kind >= JobKind.TURN and wanted.until_ms is None:
            job, hypothesis = self._at_pause
            self.wanted = None
            self._settle_rest(replace(job, wanted=wanted), hypothesis)
        elif self.wanted is None or wanted.kind > self.wanted.kind:
            self.wanted = wanted

    # Marks in the order of the audio

    def _force(self, at_ms: int | None) -> None:
        settled_ms = self._report.settled_ms
        cut_ms = self._now_ms if at_ms is None else min(max(at_ms, settled_ms), self._now_ms)
        if self._segment is None or not self._has_unsettled_speech:
            self._end_turn(at_ms=cut_ms, through_ms=cut_ms - SILENCE_MARGIN_MS, forced=True)
        else:
            all_counts = cut_ms >= self._now_ms - WINDOW_MS
            self._want(Wanted(JobKind.TURN, until_ms=None if all_counts else cut_ms, forced=True))

    def _finish(self) -> None:
        self._finishing = True
        if self._edges is not None:
            self._report.edge(self._edges.finish())
        if self._segment is None or not self._has_unsettled_speech:
            self._report.final((), through_ms=self._now_ms, now_ms=self._now_ms)
            self.done = True
        else:
            self._want(Wanted(JobKind.CLOSE))

    # Results

    def _apply_partial(self, job: Job, hypothesis: Hypothesis) -> None:
        at_pause = job.wanted.kind is JobKind.PAUSE
        if at_pause:
            self._paused = True
            self._judge(hypothesis)
        settled, still_open = job.segment.settle(
            hypothesis,
            max_delay_ms=self._rules.config.max_delay_ms,
            early=self._rules.config.early_finals,
            terms=job.terms,
        )
        start = job.segment.start
        job.segment.trim(hypothesis)
        if at_pause and job.segment.start == start and self._hears_it_all(job, hypothesis):
            self._at_pause = (job, hypothesis)
        self._report.hypothesis(
            self._told(settled, job),
            self._told(still_open, job),
            through_ms=hypothesis.through_ms,
            at_pause=at_pause,
            wanted=self._rules.config.partials_wanted,
        )

    def _hears_it_all(self, job: Job, hypothesis: Hypothesis) -> bool:
        """Tell whether a decode at the end of this silence would find nothing else.

        It would hear some more silence, which changes nothing, or a short buffer afresh.
        """
        silence_ms = hypothesis.through_ms - self._last_speech // SAMPLES_PER_MS
        return silence_ms >= PAUSE_MS and not job.segment.is_short(job.through)

    def _settle_rest(self, job: Job, hypothesis: Hypothesis) -> None:
        self._at_pause = None
        if job.wanted.kind is JobKind.TURN:
            self._apply_turn(job, hypothesis)
        else:
            self._apply_close(job, hypothesis)

    def _apply_turn(self, job: Job, hypothesis: Hypothesis) -> None:
        """The turn ends; what was said after the cut, if anything, belongs to the next one."""
        self._judge(hypothesis)
        until_ms = job.wanted.until_ms
        if until_ms is None:
            words = trusted(job.segment.settle_all(hypothesis), voiced_ms=self._voiced_ms)
            self._all_settled = self._last_speech
            self._end_turn(
                self._told(words, job), through_ms=self._tail_ms, forced=job.wanted.forced
            )
        else:
            words, still_open = job.segment.settle_until(hypothesis, until_ms, terms=job.terms)
            self._end_turn(
                self._told(words, job),
                self._told(still_open, job),
                at_ms=until_ms,
                through_ms=0,
                forced=job.wanted.forced,
            )
        job.segment.trim(hypothesis)

    def _apply_close(self, job: Job, hypothesis: Hypothesis) -> None:
        words = trusted(job.segment.settle_all(hypothesis), voiced_ms=self._voiced_ms)
        words = self._told(words, job)
        self._judge(hypothesis)
        self._segment = None
        self._report.has_words = self._report.has_words or bool(words)
        over = self._turn_is_over
        if over and not self._finishing:
            self._end_turn(words, through_ms=self._tail_ms)
            return
        self._report.final(words, through_ms=self._tail_ms, now_ms=self._now_ms)
        self._report.noise()
        self.done = self._finishing

    @property
    def _voiced_ms(self) -> int:
        """Speech in the open segment."""
        return self._voiced_windows * WINDOW_MS

    @property
    def _tail_ms(self) -> int:
        """Up to where the silence after speech is settled with it."""
        return self._last_speech // SAMPLES_PER_MS + SETTLED_TAIL_MS

    def _end_turn(
        self,
        words: Words = (),
        still_open: Words = (),
        *,
        through_ms: int,
        at_ms: int | None = None,
        forced: bool = False,
    ) -> None:
        self._report.end_turn(
            words,
            still_open,
            at_ms=self._now_ms if at_ms is None else at_ms,
            through_ms=through_ms,
            now_ms=self._now_ms,
            forced=forced,
        )

    def _told(self, words: Words, job: Job) -> Words:
        """Write key terms as they are to be written, and put speakers to words.

        The terms are those that the words were heard with: the job's, prepared in its thread. A
        speaker is whoever is known now; no word waits for that.
        """
        if job.terms is not None:
            words = job.terms.written(words)
        speakers = self._speakers
        if speakers is None:
            return words
        return [
            structs.replace(word, speaker=speakers.label(word.start_ms, word.end_ms))
            for word in words
        ]

    def _judge(self, hypothesis: Hypothesis) -> None:
        words = [heard.word for heard in hypothesis.words]
        self._report.judge(words, hypothesis.terminal_probability)
