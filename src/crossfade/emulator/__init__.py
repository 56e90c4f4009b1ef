"""The emulator: the server with a script for a brain, for tests without keys, network or bills.

    client ──frame──▶ ServerDialect ──Command──▶ Performance   (a script, or a recorded session)
    client ◀──frame── ServerDialect ◀──what is due── Agenda ◀──┘

script         what is said when; faults: what goes wrong, and when; reading: both from a file
bundle         a recorded session, read; recording: the same, written by ``serve --record``, without
               what scrubbing takes for a secret
performance    commands → what is due when, from a script; replay: from a recorded session
agenda, pace   what is due in the order of its time; how fast that time passes
session        one client: a frame comes, all that follows from it is said, then the next one
theatre        which script the next session gets, and its number
serving        the listening process; thread: the same beside the tests of a program
pytest_plugin  the ``crossfade`` fixture

Frames come out of the same dialects as a real server's. What is different: a session here hears
nothing new before it has said everything that the last frame led to, its ids and times are made of
its number and its audio. So the same frames from a client get the same bytes, in every run.

Nothing is imported here: pytest reads this file in every project that has Crossfade installed.
"""
