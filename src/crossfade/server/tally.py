"""One session's counts, on their way into the server's metrics."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import Counter

from crossfade.model import (
    Audio,
    ChannelEvent,
    Event,
    Final,
    InChannel,
    Partial,
    RawAudio,
    SessionConfig,
    TurnEnded,
)
from crossfade.server.metrics import Metrics
from crossfade.server.word_lags import WordLags


class Tally:
    """Adds a session's counts to the server's as they come.

    Finding an instrument by its label costs more than counting, so it is done once a session.
    """

    def __init__(
        self, metrics: Metrics, dialect: str, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._metrics = metrics
        self._dialect = dialect
        self._now = now
        self._turns_ended = 0
        self._audio_ms = 0
        self._session_ms = 0
        self._processing_s = 0.0
        self._sending_since_s = 0.0
        self._key_audio_seconds: Counter | None = None
        self._bytes_per_s: int | None = None
        self._lags: dict[str | None, WordLags] = {}
        self._active = metrics.active.labels(dialect)
        self._sessions = metrics.sessions.labels(dialect)
        self._unhonoured = metrics.unhonoured.labels(dialect)
        self._session_seconds = metrics.session_seconds.labels(dialect)
        self._audio_seconds = metrics.audio_seconds.labels(dialect)
        self._partials = metrics.partials.labels(dialect)
        self._finals = metrics.finals.labels(dialect)
        self._words = metrics.words.labels(dialect)
        self._turns = metrics.turns.labels(dialect)
        self._partial_lags = metrics.partial_lags.labels(dialect)
        self._final_lags = metrics.final_lags.labels(dialect)
        self._factors = metrics.factors.labels(dialect)
        metrics.sending.labels(dialect).set_function(lambda: metrics.n_sending[dialect])
        self._send_seconds = metrics.send_seconds.labels(dialect)

    @contextmanager
    def session(self, config: SessionConfig, *, key: str) -> Iterator[None]:
        """Count the session as active.

        Args:
            config: What it is about.
            key: Name of the key that opened it.
        """
        self._sessions.inc()
        self._key_audio_seconds = self._metrics.of_key(key)
        self._bytes_per_s = _bytes_per_s(config)
        with self._active.track_inprogress():
            yield

    def unhonoured(self) -> None:
        """Count a setting that the session goes on without."""
        self._unhonoured.inc()

    def received(self, command: Audio | InChannel) -> None:
        """Note when audio came, before anybody has heard it."""
        if self._bytes_per_s is None:
            return
        channel = command.channel if isinstance(command, InChannel) else None
        audio = command.command if isinstance(command, InChannel) else command
        if isinstance(audio, Audio):
            if channel not in self._lags:
                self._lags[channel] = WordLags(self._bytes_per_s)
            self._lags[channel].heard(len(audio.data), now_s=self._now())

    def count(self, event: Event, audio_ms: int) -> None:
        """Count one event, and the audio that the session has received so far."""
        channel = event.channel if isinstance(event, ChannelEvent) else None
        if isinstance(event, ChannelEvent):
            event = event.event
        if isinstance(event, Partial):
            self._partials.inc()
            self._time(event, channel)
        elif isinstance(event, Final):
            self._finals.inc()
            self._words.inc(len(event.words))
            self._time(event, channel)
            self._heard(audio_ms)
        elif isinstance(event, TurnEnded):
            self._turns_ended += 1
            self._turns.inc()

    def sending(self) -> None:
        """Count a message that the client is to take."""
        self._sending_since_s = self._now()
        self._metrics.n_sending[self._dialect] += 1

    def sent(self) -> None:
        """Note that the client has taken it, or is gone."""
        self._metrics.n_sending[self._dialect] -= 1
        self._send_seconds.observe(self._now() - self._sending_since_s)

    def ended(self, *, audio_ms: int, session_ms: int, processing_s: float) -> None:
        """Count what is only known at the end; ``processing_s``: what its decodes took."""
        self._heard(audio_ms)
        self._session_ms = session_ms
        self._processing_s = processing_s
        self._session_seconds.observe(session_ms / 1000)
        if processing_s and audio_ms:
            self._factors.observe(self._factor)

    def __str__(self) -> str:
        return (
            f"dialect={self._dialect} session_ms={self._session_ms} audio_ms={self._audio_ms}"
            f" turns={self._turns_ended} real_time_factor={self._factor:.3f}"
        )

    @property
    def _factor(self) -> float:
        return 1000 * self._processing_s / self._audio_ms if self._audio_ms else 0.0

    def _time(self, event: Partial | Final, channel: str | None) -> None:
        lags = self._lags.get(channel)
        if lags is None:
            return
        if isinstance(event, Partial):
            for lag_s in lags.shown(event, now_s=self._now()):
                self._partial_lags.observe(lag_s)
        else:
            for lag_s in lags.settled(event, now_s=self._now()):
                self._final_lags.observe(lag_s)

    def _heard(self, audio_ms: int) -> None:
        seconds = (audio_ms - self._audio_ms) / 1000
        self._audio_seconds.inc(seconds)
        if self._key_audio_seconds is not None:
            self._key_audio_seconds.inc(seconds)
        self._audio_ms = audio_ms


def _bytes_per_s(config: SessionConfig) -> int | None:
    """``None``: compressed, and nobody knows where in the audio a byte lies."""
    if not isinstance(config.audio, RawAudio):
        return None
    return config.audio.sample_rate_hz * config.audio.encoding.sample_bytes
