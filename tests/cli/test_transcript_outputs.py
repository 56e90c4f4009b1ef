"""Texts on the screen: in order, though recordings end in any order."""

from crossfade.cli.outputs import Screen


def test_the_first_recording_is_printed_as_it_is_heard_and_the_next_after_it(capsys):
    screen = Screen(["a", "b"], whole=False)
    first, second = screen.open("a"), screen.open("b")
    second.write("b1 ")
    first.write("a1 ")
    assert capsys.readouterr().out == "a1 "
    second.commit()
    assert capsys.readouterr().out == ""
    first.write("a2\n")
    first.commit()
    assert capsys.readouterr().out == "a2\nb1 "


def test_what_must_be_whole_is_printed_once_it_is(capsys):
    screen = Screen(["a"], whole=True)
    sink = screen.open("a")
    sink.write("{")
    assert capsys.readouterr().out == ""
    sink.write("}\n")
    sink.commit()
    assert capsys.readouterr().out == "{}\n"


def test_a_recording_that_fails_holds_nothing_up_and_ends_its_line(capsys):
    screen = Screen(["a", "b", "c"], whole=False)
    sinks = [screen.open(name) for name in "abc"]
    sinks[1].write("b\n")
    sinks[1].commit()
    sinks[2].write("lost")
    sinks[2].abandon()
    sinks[0].write("half of a")
    sinks[0].abandon()
    assert capsys.readouterr().out == "half of a\nb\n"
