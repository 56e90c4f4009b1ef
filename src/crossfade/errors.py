"""Every exception that Crossfade raises on purpose.

    CrossfadeError
    ├── ProtocolError        the peer broke its dialect's rules
    ├── AudioError           bytes that are not the audio they were said to be
    ├── ConfigError          a lawful request for what we cannot do
    ├── CredentialError      no key, an unknown one, or one that has expired
    ├── ForbiddenError       a good key, but not for this
    ├── CapacityError        full; the same request may work later
    ├── RateError            this key opened too many sessions; the same request works later
    ├── IdleError            the client sent nothing for as long as it was allowed to
    ├── ExpiredError         the session reached its greatest length
    ├── PaceError            audio came faster than this client may send it
    ├── ModelError           model files are missing, damaged, or could not be fetched
    └── RecognizerError      the engine failed; the session cannot go on
        ├── LeavingError     ... because the server is shutting down
        └── UpstreamError    ... because the server at the other end of our client did

This is what a session can run into; what only a command can (a bad setting, a taken port) is a
``CrossfadeError`` too and stands where it is raised.

A class of its own where a caller would act differently. Facts are fields, the sentence is
``str(error)``; neither ever holds audio, words or keys. What only one vendor can complain about
is a subclass in that vendor's folder. A bug is not in this tree.
"""

from typing import Literal


class CrossfadeError(Exception):
    """The root: catch this to catch everything that Crossfade raises on purpose."""


class ProtocolError(CrossfadeError):
    """The peer sent what its dialect does not allow, or at the wrong moment."""


class AudioError(CrossfadeError):
    """The bytes are not the audio that they were said to be."""


class ConfigError(CrossfadeError):
    """A well-formed request for what this server cannot do.

    Attributes:
        field: What was asked for, in our own words: ``language``, ``audio``, ...
    """

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class CredentialError(CrossfadeError):
    """The credential is missing, unknown, or past its time."""

    def __init__(self, cause: Literal["missing", "unknown", "expired"]) -> None:
        super().__init__(f"the credential is {cause}")
        self.cause = cause


class ForbiddenError(CrossfadeError):
    """The credential is good, but not for what was asked.

    Attributes:
        what: What it may not do.
    """

    def __init__(self, what: Literal["make tokens", "use this backend"]) -> None:
        super().__init__(f"this key may not {what}")
        self.what = what


class CapacityError(CrossfadeError):
    """Every slot is taken. The same request may work later.

    Attributes:
        slots: How many sessions this server admits at once.
    """

    def __init__(self, *, slots: int) -> None:
        super().__init__(f"all {slots} slots are taken")
        self.slots = slots


class RateError(CrossfadeError):
    """The key opened as many sessions within a minute as it may. The same request works later.

    Attributes:
        per_minute: How many those are.
    """

    def __init__(self, *, per_minute: int) -> None:
        super().__init__(f"this key opened {per_minute} sessions within a minute")
        self.per_minute = per_minute


class IdleError(CrossfadeError):
    """Nothing came from the client for as long as it was allowed to stay silent."""

    def __init__(self, *, idle_s: float) -> None:
        super().__init__(f"nothing received for {idle_s:g} s")
        self.idle_s = idle_s


class ExpiredError(CrossfadeError):
    """The session reached its greatest length."""

    def __init__(self, *, session_s: float) -> None:
        super().__init__(f"the session reached its limit of {session_s:g} s")
        self.session_s = session_s


class PaceError(CrossfadeError):
    """More audio came than time has passed, by more than was allowed.

    Attributes:
        audio_s: Audio received, in seconds.
        elapsed_s: Wall time in which it came.
    """

    def __init__(self, *, audio_s: float, elapsed_s: float) -> None:
        super().__init__(f"{audio_s:.1f} s of audio came within {elapsed_s:.1f} s")
        self.audio_s = audio_s
        self.elapsed_s = elapsed_s


class ModelError(CrossfadeError):
    """The recognizer's files are missing, damaged, or could not be fetched."""


class RecognizerError(CrossfadeError):
    """The engine failed; the session cannot go on, another one may."""


class LeavingError(RecognizerError):
    """The server is shutting down, and did not wait for the session to end."""


UpstreamCause = Literal["credential", "capacity", "request", "time", "gone", "fault"]
"""Why a server let us down: it does not accept our key, is full, does not do what we asked for,
ended the session for its length or for silence, cannot be reached any more, or failed."""


class UpstreamError(RecognizerError):
    """The server at the other end of our client failed, refused, or hung up.

    Attributes:
        code: The close code or HTTP status, when there was one.
        cause: Why, as far as its protocol tells.
        retry_after_s: How long it asked to be left alone; ``None``: it did not say.
    """

    cause: UpstreamCause = "fault"

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        cause: UpstreamCause = "fault",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.cause = cause
        self.retry_after_s = retry_after_s
