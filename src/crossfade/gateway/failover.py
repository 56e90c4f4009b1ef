"""Several recognizers in order: when one fails, a session goes on with the next.

Nothing here knows sockets: a backend is a ``Recognizer``, a vendor upstream and the embedded one
alike. With a single one, a session still moves from one of its sessions to the next where those
have a greatest length.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from crossfade.errors import ConfigError
from crossfade.gateway.place import Place
from crossfade.gateway.relay import DECODED, RelayStream
from crossfade.gateway.shadowing import Shadows
from crossfade.model import RawAudio, SessionConfig
from crossfade.recognizers.base import Recognizer, RecognizerInfo, RecognizerStream
from crossfade.recognizers.load import Load, Loaded
from crossfade.recognizers.routes import BackendStatus, ShadowStatus


class FailoverRecognizer:
    """Asks the first backend that works, in the operator's order."""

    def __init__(
        self, backends: Sequence[tuple[str, Recognizer]], *, shadows: Shadows | None = None
    ) -> None:
        """Put them in order.

        Args:
            backends: Names and recognizers, at least one; this one starts and closes them.
            shadows: Hear some of the sessions too; started and closed as well.
        """
        self._shadows = shadows
        self._places = tuple(
            Place(name=name, recognizer=recognizer) for name, recognizer in backends
        )

    @property
    def first(self) -> Recognizer:
        """The backend that is asked first."""
        return self._places[0].recognizer

    @property
    def info(self) -> RecognizerInfo:
        """What the first one can do, and the languages of any."""
        infos = [place.recognizer.info for place in self._places]
        languages = frozenset[str]().union(*(info.languages for info in infos))
        return replace(infos[0], languages=languages)

    def backends(self) -> tuple[BackendStatus, ...]:
        """See ``Routed.backends``."""
        return tuple(place.status() for place in self._places)

    def shadow(self) -> ShadowStatus | None:
        """See ``Shadowing.shadow``."""
        return None if self._shadows is None else self._shadows.status()

    def load(self) -> Load | None:
        """See ``Loaded.load``: of the backend that is asked first, if that decodes here."""
        first = self.first
        return first.load() if isinstance(first, Loaded) else None

    async def start(self) -> None:
        """Start all of them.

        Raises:
            ModelError: If one's files are missing or damaged.
        """
        for place in self._places:
            await place.recognizer.start()
        if self._shadows is not None:
            await self._shadows.start()

    def open(self, config: SessionConfig) -> RecognizerStream:
        """Open a stream. Needs a running event loop.

        Raises:
            ConfigError: If no backend knows the language (``field`` is ``language``), or the only
                one cannot do what is asked.
            CapacityError: If the only one has as many sessions as it may have.
        """
        able = [p for p in self._places if config.language in p.recognizer.info.languages]
        if not able:
            known = ", ".join(sorted(self.info.languages))
            raise ConfigError(f"language {config.language} is none of {known}", field="language")
        on_tape = config if isinstance(config.audio, RawAudio) else replace(config, audio=DECODED)
        # Where there is no other, what it cannot do is better said before the session begins.
        is_alone = len(self._places) == 1
        first = able[0].recognizer.open(on_tape) if is_alone else None
        stream = RelayStream(able, config, on_tape, is_alone=is_alone, first=first)
        if self._shadows is None:
            return stream
        return self._shadows.over(stream, config, name=able[0].name)

    async def aclose(self) -> None:
        """Close all of them."""
        if self._shadows is not None:
            await self._shadows.aclose()
        for place in self._places:
            await place.recognizer.aclose()
