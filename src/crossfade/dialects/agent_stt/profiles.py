"""What the path says: ``/v2/agent``, or a profile of the vendor's preview behind it; section 18."""

from collections.abc import Mapping

from crossfade.dialects.agent_stt.configuration import TurnDetectionMode
from crossfade.errors import ProtocolError

PATHS = (
    "/v2/agent",
    "/v2/agent/",
    "/agent",
    "/agent/",
    "/v2/{}/agent",  # the vendor's client appends its segment to an address of the older protocol
    "/v2/{}/agent/",
    "/v2/agent/{}",
    "/v2/agent/{}/",
)

_PROFILES: Mapping[str, TurnDetectionMode] = {
    "default": "vad",
    "adaptive": "vad",
    "agile": "vad",
    "smart": "vad",
    "external": "external",
}
_PREVIEW = _PROFILES.keys() - {"default"}


class UnknownProfileError(ProtocolError):
    """There is nothing at this path."""


class Profile:
    """What a client gets that says no more than a path."""

    def __init__(self, path: str) -> None:
        """Read a path; a version behind the profile's name makes no difference.

        Raises:
            UnknownProfileError: If there is no such profile.
        """
        parts = [part for part in path.split("/") if part]
        name = "default" if parts[-1:] == ["agent"] else parts[-1].partition(":")[0]
        if name not in _PROFILES:
            raise UnknownProfileError("there is no such profile")
        self.mode: TurnDetectionMode = _PROFILES[name]
        self.is_preview = name in _PREVIEW
        """Clients of the preview open it too, who speak another protocol."""
