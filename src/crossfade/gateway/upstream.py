"""A server that speaks one of our dialects, as a recognizer."""

from crossfade.client import Reconnect
from crossfade.errors import CapacityError
from crossfade.gateway.backend import Backend
from crossfade.gateway.fitting import fitted
from crossfade.gateway.upstream_stream import UpstreamStream
from crossfade.model import (
    SessionConfig,
)
from crossfade.recognizers.base import RecognizerInfo, RecognizerStream

ONE_BACKEND = Reconnect(budget_s=20.0, attempts=6, advice_honoured=False, replay_s=60.0)
"""Where there is no other backend to move to: the same one, for as long as a client may wait."""

NO_RETRY = Reconnect(attempts=0, replay_s=0.0)
"""Somebody else decides what is to be done about a lost connection."""


class UpstreamRecognizer:
    """Sessions of one backend. Loads nothing; the backend is first heard of in a session."""

    def __init__(self, backend: Backend, *, reconnect: Reconnect = ONE_BACKEND) -> None:
        """Look at the backend's dialect.

        Args:
            backend: Whom to reach.
            reconnect: What a stream does when it loses its connection.

        Raises:
            ConfigError: If the dialect says nothing about servers of its kind.
        """
        self._backend = backend
        self._reconnect = reconnect
        self._vendor = backend.vendor
        self._open: set[UpstreamStream] = set()

    @property
    def info(self) -> RecognizerInfo:
        """What its protocol can ask for."""
        return RecognizerInfo(
            name=self._backend.name,
            version=self._backend.dialect.title,
            languages=self._vendor.languages,
            has_keyterms=True,
            has_speaker_labels=True,
        )

    @property
    def is_paced(self) -> bool:
        """See ``CatchesUp``."""
        return self._backend.dialect.client().audio_rules().paced

    async def start(self) -> None:
        """Nothing to load."""

    def open(self, config: SessionConfig) -> RecognizerStream:
        """Open a stream, which begins to connect at once. Needs a running event loop.

        Raises:
            CapacityError: If as many sessions are open as the operator allows.
            ConfigError: If the protocol cannot carry the configuration.
        """
        return self.open_behind(config, behind_s=0.0)

    def open_behind(self, config: SessionConfig, *, behind_s: float) -> RecognizerStream:
        """See ``CatchesUp``."""
        most = self._backend.max_sessions
        if most is not None and len(self._open) >= most:
            raise CapacityError(slots=most)
        wanted = fitted(config, self._vendor)
        end = self._backend.dialect.client()
        # Only to see whether it can be said.
        end.request(self._backend.url, key=None, config=end.audio_format(wanted.config))
        stream = UpstreamStream(
            self._backend,
            wanted,
            reconnect=self._reconnect,
            behind_s=behind_s,
            on_closed=self._open.discard,
        )
        self._open.add(stream)
        return stream

    async def aclose(self) -> None:
        """Nothing to free."""
