"""Log lines on stderr, as people or as machines read them."""

import atexit
import copy
import logging
import queue
import sys
from logging.handlers import QueueHandler, QueueListener

from crossfade.server.log_context import current_session
from crossfade.settings import Settings

WAITING_LINES = 10_000
"""Lines that wait while nobody reads stderr; further ones are lost rather than a session."""

_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"

_OF_NO_SESSION = "crossfade.recognizers"
"""Everybody's: what it says while it works for one session is about all of them."""


def set_up(settings: Settings) -> None:
    """Send the log of this process to stderr; call once.

    A thread of its own writes: a full pipe behind stderr must not stop the event loop.
    """
    lines: queue.Queue[logging.LogRecord] = queue.Queue(WAITING_LINES)
    stderr = _Stderr(sys.stderr)
    stderr.setFormatter(formatter(settings.log_format))
    writer = QueueListener(lines, stderr)
    handler = LossyHandler(lines)
    handler.addFilter(name_session)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("crossfade").setLevel(settings.log_level.upper())
    writer.start()
    atexit.register(writer.stop)


def name_session(record: logging.LogRecord) -> bool:
    """Note, where the line is written, for which session; a filter that lets everything pass."""
    if not record.name.startswith(_OF_NO_SESSION):
        session_id = current_session.get()
        if session_id is not None:
            record.session_id = session_id
    return True


def formatter(log_format: str) -> logging.Formatter:
    """How lines look; ``log_format``: ``text`` or ``json``."""
    if log_format == "text":
        return _TextFormatter(_FIELDS)
    from pythonjsonlogger.json import JsonFormatter

    names = {"asctime": "time", "levelname": "level", "name": "logger"}
    return JsonFormatter(_FIELDS, rename_fields=names)


class _TextFormatter(logging.Formatter):
    """Names the session where the message does not."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's own name)
        line = super().formatMessage(record)
        session_id = getattr(record, "session_id", None)
        return (
            line if session_id is None or session_id in line else f"{line} (session {session_id})"
        )


class LossyHandler(QueueHandler):
    """Puts records into the queue, or drops them when it is full."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Put the message together now, while what it speaks of is as it was; lay it out later.

        The base class lays it out twice, and loses the traceback as a field of its own.
        """
        record = copy.copy(record)
        record.msg, record.args = record.getMessage(), None
        return record

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's own name)
        """Say nothing: there is nobody to say it to."""


class _Stderr(logging.StreamHandler):  # type: ignore[type-arg]  # generic in typeshed only
    """Loses lines that cannot be written, to a full disk or a closed pipe, without a word."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's own name)
        """Say nothing: stderr is where one would say it."""
