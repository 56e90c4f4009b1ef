"""Several recognizers in order: when one fails, a session goes on with the next.

Nothing here knows sockets: a backend is a ``Recognizer``, a vendor upstream and the embedded one
alike.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from crossfade.errors import ConfigError
from crossfade.gateway.relay import DECODED, Place, RelayStream
from crossfade.model import RawAudio, SessionConfig
from crossfade.recognizers.base import Recognizer, RecognizerInfo, RecognizerStream


class FailoverRecognizer:
    """Asks the first backend that works, in the operator's order."""

    def __init__(self, backends: Sequence[tuple[str, Recognizer]]) -> None:
        """Put them in order.

        Args:
            backends: Names and recognizers, at least one; this one starts and closes them.
        """
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

    async def start(self) -> None:
        """Start all of them.

        Raises:
            ModelError: If one's files are missing or damaged.
        """
        for place in self._places:
            await place.recognizer.start()

    def open(self, config: SessionConfig) -> RecognizerStream:
        """Open a stream. Needs a running event loop.

        Raises:
            ConfigError: If no backend knows the language; ``field`` is ``language``.
        """
        able = [p for p in self._places if config.language in p.recognizer.info.languages]
        if not able:
            known = ", ".join(sorted(self.info.languages))
            raise ConfigError(f"language {config.language} is none of {known}", field="language")
        on_tape = config if isinstance(config.audio, RawAudio) else replace(config, audio=DECODED)
        return RelayStream(able, config, on_tape)

    async def aclose(self) -> None:
        """Close all of them."""
        for place in self._places:
            await place.recognizer.aclose()
