"""Whose session the code runs for, so that a log line can tell without being told."""

from contextvars import ContextVar

current_session: ContextVar[str | None] = ContextVar("crossfade_session", default=None)
"""Set by a session for its task and those that it starts; ``None`` outside of sessions."""
