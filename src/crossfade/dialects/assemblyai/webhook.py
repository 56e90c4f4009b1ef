"""What is posted to the client's own server once its session is over: every end of a turn.

Where a turn ends twice, the formatted end alone is listed. Whether anything is posted at all, and
to whom, is for the operator to say.
"""

import msgspec

from crossfade.dialects.assemblyai import messages
from crossfade.dialects.assemblyai.parameters import Parameters
from crossfade.dialects.base import Webhook


class Ends:
    """The ends of a session's turns, as they were sent; kept only where they are to be posted."""

    def __init__(self, parameters: Parameters) -> None:
        self._url = parameters.webhook_url
        self._headers = _headers(parameters)
        self._frames: list[msgspec.Raw] = []
        self._order = -1

    def note(self, message: messages.ServerMessage, frame: str) -> None:
        """Keep a message if it is the end of a turn; a second end replaces the first."""
        if self._url is None or not isinstance(message, messages.Turn) or not message.end_of_turn:
            return
        if message.turn_order == self._order:
            self._frames.pop()
        self._order = message.turn_order
        self._frames.append(msgspec.Raw(frame.encode()))

    def webhook(self, session_id: str | None) -> Webhook | None:
        """Make the request; ``None``: nobody asked for it, or the session never began."""
        if self._url is None or session_id is None:
            return None
        body = msgspec.json.encode({"session_id": session_id, "messages": self._frames})
        return Webhook(url=self._url, body=body, headers=self._headers)


def _headers(parameters: Parameters) -> dict[str, str]:
    name, value = parameters.webhook_auth_header_name, parameters.webhook_auth_header_value
    return {} if name is None or value is None else {name: value}
