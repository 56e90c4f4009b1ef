"""Log lines on stderr, as people or as machines read them."""

import logging
import sys

from crossfade.settings import Settings

_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"


def set_up(settings: Settings) -> None:
    """Send the log of this process to stderr; call once."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(settings.log_format))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("crossfade").setLevel(settings.log_level.upper())


def _formatter(log_format: str) -> logging.Formatter:
    if log_format == "text":
        return logging.Formatter(_FIELDS)
    from pythonjsonlogger.json import JsonFormatter

    names = {"asctime": "time", "levelname": "level", "name": "logger"}
    return JsonFormatter(_FIELDS, rename_fields=names)
