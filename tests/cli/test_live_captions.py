"""Live captions: on a terminal, and where there is none."""

import io
import re

import pytest
from rich.console import Console

from crossfade.cli.live import Captions, LiveView
from crossfade.client import Reconnected, Reconnecting
from crossfade.model import Final, Partial, TurnEnded, Word


def said(text, *, start_ms=0):
    return tuple(
        Word(
            text=word.rstrip("."),
            start_ms=start_ms + 300 * n,
            end_ms=start_ms + 300 * n + 250,
            confidence=1.0,
            punctuation="." if word.endswith(".") else "",
        )
        for n, word in enumerate(text.split())
    )


def final(text, *, turn=0, start_ms=0):
    return Final(turn=turn, words=said(text, start_ms=start_ms), through_ms=0)


def partial(text, *, turn=0, start_ms=0):
    return Partial(turn=turn, words=said(text, start_ms=start_ms), through_ms=0)


def ended(turn=0):
    return TurnEnded(turn=turn, at_ms=0, confidence=1.0)


@pytest.fixture
def pipe():
    """A pipe's end, and the view that writes into it."""
    output = io.StringIO()
    captions = Captions("")
    return output, captions, LiveView(Console(file=output, width=60), [captions])


def panel(*events, sent_ms=None):
    """What the panel of a session shows, with its colours."""
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=60)
    captions = Captions("Plain")
    for event in events:
        captions.take(event, sent_ms=sent_ms)
    console.print(captions.panel(console, 60))
    return output.getvalue()


def plain(shown):
    lines = re.sub(r"\x1b\[\d*m", "", shown).splitlines()
    return [line.strip("│ ") for line in lines[1:-1] if line.strip("│ ")]


def test_a_pipe_gets_finals_only_a_line_for_each_sentence_or_turn(pipe):
    output, captions, view = pipe
    with view:
        view.show(captions, partial("Good"))
        assert output.getvalue() == ""
        view.show(captions, final("Good morning."))
        assert output.getvalue() == "Good morning.\n"
        view.show(captions, final("And welcome"))
        view.show(captions, ended())
        assert output.getvalue() == "Good morning.\nAnd welcome\n"
        view.show(captions, final("Goodbye", turn=1))
    assert output.getvalue() == "Good morning.\nAnd welcome\nGoodbye\n"


def test_a_speaker_who_ends_no_sentence_is_printed_all_the_same(pipe):
    output, captions, view = pipe
    with view:
        for _ in range(50):
            view.show(captions, final("and so on"))
        assert output.getvalue().count("\n") == 3


def test_what_looks_like_markup_is_printed_as_it_is(pipe):
    output, captions, view = pipe
    with view:
        view.show(captions, final("[red] said."))
    assert output.getvalue() == "[red] said.\n"


def test_partials_are_dim_behind_finals_and_turns_are_lines():
    shown = panel(final("Good morning."), ended(), partial("And wel", turn=1))
    assert plain(shown) == ["Good morning.", "And wel"]
    assert "\x1b[2mAnd wel" in shown
    assert "\x1b[2mGood" not in shown


def test_the_lag_is_that_of_the_newest_word_when_it_was_first_seen():
    first = partial("Good morning")  # ends at 550 ms
    assert "lag 0.4 s" in panel(first, sent_ms=950)
    captions = Captions("Plain")
    captions.take(first, sent_ms=950)
    captions.take(final("Good morning."), sent_ms=5000)  # seen before
    assert captions.panel(Console(), 60).subtitle == "lag 0.4 s"


def test_a_lost_connection_is_told_until_it_stands_again():
    lost = Reconnecting(attempt=1, wait_s=0.5, cause="gone")
    back = Reconnected(session_id="s", attempts=1, outage_s=1.0, replayed_from_ms=0)
    assert "trying again" in panel(lost)
    assert "trying again" not in panel(lost, back)


def test_only_the_end_of_a_long_session_is_drawn():
    events = [event for n in range(200) for event in (final(f"turn{n}.", turn=n), ended(n))]
    assert plain(panel(*events))[-1] == "turn199."
    assert len(plain(panel(*events))) <= 7
