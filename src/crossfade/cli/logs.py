"""Log lines on stderr, as people or as machines read them."""

import atexit
import logging
import queue
import sys
from logging.handlers import QueueHandler, QueueListener

from crossfade.settings import Settings

WAITING_LINES = 10_000
"""Lines that wait while nobody reads stderr; further ones are lost rather than a session."""

_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"


def set_up(settings: Settings) -> None:
    """Send the log of this process to stderr; call once.

    A thread of its own writes: a full pipe behind stderr must not stop the event loop.
    """
    lines: queue.Queue[logging.LogRecord] = queue.Queue(WAITING_LINES)
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setFormatter(_formatter(settings.log_format))
    writer = QueueListener(lines, stderr)
    logging.basicConfig(level=logging.WARNING, handlers=[_LossyHandler(lines)])
    logging.getLogger("crossfade").setLevel(settings.log_level.upper())
    writer.start()
    atexit.register(writer.stop)


class _LossyHandler(QueueHandler):
    """Puts records into the queue, or drops them when it is full."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's own name)
        """Say nothing: there is nobody to say it to."""


def _formatter(log_format: str) -> logging.Formatter:
    if log_format == "text":
        return logging.Formatter(_FIELDS)
    from pythonjsonlogger.json import JsonFormatter

    names = {"asctime": "time", "levelname": "level", "name": "logger"}
    return JsonFormatter(_FIELDS, rename_fields=names)
