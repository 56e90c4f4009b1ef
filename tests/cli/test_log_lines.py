"""How log lines look, and that each of a session's says whose it is."""

import io
import json
import logging
import queue

import pytest

from crossfade.cli.logs import LossyHandler, formatter, name_session
from crossfade.server.log_context import current_session


@pytest.fixture
def written():
    """Log through our own filter and formatter; gives what was written."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.addFilter(name_session)
    root = logging.getLogger("crossfade")
    root.addHandler(handler)

    def show(log_format, log):
        handler.setFormatter(formatter(log_format))
        log()
        return out.getvalue()

    yield show
    root.removeHandler(handler)


@pytest.fixture
def in_session():
    token = current_session.set("5e55-1011")
    yield
    current_session.reset(token)


def complain(room="crossfade.text", message="expression %d took too long", *args):
    return lambda: logging.getLogger(room).warning(message, *(args or (3,)))


def test_a_line_of_a_session_has_its_id_in_json(written, in_session):
    line = json.loads(written("json", complain()))
    assert line["session_id"] == "5e55-1011"
    assert line["message"] == "expression 3 took too long"
    assert line["level"] == "WARNING"


def test_a_line_of_a_session_has_its_id_in_text_once(written, in_session):
    assert written("text", complain()).endswith("too long (session 5e55-1011)\n")
    text = written("text", complain("crossfade.server", "session %s open", "5e55-1011"))
    assert text.splitlines()[-1].endswith("session 5e55-1011 open")


def test_a_line_of_nobody_has_none(written):
    assert "session_id" not in json.loads(written("json", complain()))


def test_the_recognizer_speaks_for_all_sessions(written, in_session):
    line = json.loads(written("json", complain("crossfade.recognizers", "overload %d")))
    assert "session_id" not in line


def test_a_traceback_is_one_line_in_json(written, in_session):
    def fail():
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            logging.getLogger("crossfade.server").exception("a bug")

    (line,) = written("json", fail).splitlines()
    assert "ZeroDivisionError" in json.loads(line)["exc_info"]


def test_a_line_is_put_together_when_it_is_said_and_laid_out_once():
    lines = queue.Queue()
    handler = LossyHandler(lines)
    handler.setFormatter(logging.Formatter("twice: %(message)s"))
    facts = ["then"]
    handler.emit(logging.LogRecord("crossfade", logging.INFO, "", 0, "it was %s", (facts,), None))
    facts[0] = "now"
    assert lines.get_nowait().getMessage() == "it was ['then']"
