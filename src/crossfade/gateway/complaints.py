"""What went wrong upstream, said to our own clients.

In our own words and by its cause: what the far side wrote may quote the key that we showed it, or
what a client said, and neither is for this client's eyes.
"""

from collections.abc import Mapping

from crossfade.errors import CrossfadeError, ProtocolError, UpstreamCause, UpstreamError

_SENTENCES: Mapping[UpstreamCause, str] = {
    "credential": "does not accept this server's key",
    "capacity": "has no room for another session",
    "request": "does not do what was asked for",
    "time": "ended the session for its length or for silence",
    "gone": "cannot be reached, or hung up",
    "fault": "failed",
}


def complaint(backend: str, error: CrossfadeError) -> CrossfadeError:
    """Put an error of a far session into words that may be shown to anybody.

    Args:
        backend: The operator's name of it.
        error: What the client's session raised. What is about our own client's audio or wishes
            comes back as it is.
    """
    if isinstance(error, ProtocolError):
        return UpstreamError(f"the backend {backend} does not speak its protocol")
    if not isinstance(error, UpstreamError):
        return error
    code = "" if error.code is None else f" ({error.code})"
    sentence = f"the backend {backend} {_SENTENCES[error.cause]}{code}"
    return UpstreamError(
        sentence, code=error.code, cause=error.cause, retry_after_s=error.retry_after_s
    )
