"""Audio for a server that is told how much was sent, and has to be waited for."""

from collections.abc import Sequence

import libcst as cst

from crossfade.migrate.rewriting.audio import AudioSite, Fitting, bytes_a_second
from crossfade.migrate.rewriting.edits import INDENT
from crossfade.migrate.rewriting.openings import Opening
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.wire import Facts, Wire

AUDIO_SENT = '''
class AudioSent:
    """How much was sent: the message at the end tells it."""

    chunks = 0
'''
AUDIO_SENT_TIMED = '''
class AudioSent:
    """How much was sent: the message at the end tells it, and the server tells no durations."""

    chunks = 0
    seconds = 0.0
    began_s = time.monotonic()
'''


def count_audio(
    program: Program, sites: Sequence[AudioSite], facts: Facts, *, with_seconds: bool
) -> Fitting:
    """Count what is sent."""
    for site in sites:
        if not site.is_plain:
            program.mark(site.call, "audio", "count it: AudioSent.chunks += 1 for each message.")
            continue
        lines = "AudioSent.chunks += 1"
        if with_seconds:
            length = f"len({program.rendered(site.data)})"
            lines += f"\nAudioSent.seconds += {length} / {bytes_a_second(facts)}"
        program.insert_after(site.statement, lines)
    helper = AUDIO_SENT_TIMED if with_seconds else AUDIO_SENT
    return Fitting(
        helpers={"AudioSent": helper}, imports={"import time"} if with_seconds else set()
    )


def wait_for_start(
    program: Program,
    sites: Sequence[AudioSite],
    began: Sequence[cst.BaseSuite],
    decoded: Sequence[cst.Assign],
    openings: Sequence[Opening],
    target: Wire,
) -> Fitting:
    """Let audio wait for the server's word that the session has begun."""
    fitting = Fitting(helpers={}, imports=set())
    functions = {site.function: site for site in sites}
    readers = {program.scope(assign) for assign in decoded}
    if not sites or not decoded or not _is_concurrent(program) or readers & set(functions):
        for site in sites:
            why = f"audio has to wait until {target.title} says that the session has begun."
            program.mark(site.statement, "the beginning", why)
        return fitting
    is_async = any(isinstance(program.parent(site.call), cst.Await) for site in sites)
    module = "asyncio" if is_async else "threading"
    fitting.imports.add(f"import {module}")
    fitting.helpers["recognition_started"] = (
        f"\nrecognition_started = {module}.Event()  # audio waits for it\n"
    )
    wait = "await recognition_started.wait()" if is_async else "recognition_started.wait(10)"
    opened_in = {program.scope(opening.call) for opening in openings}
    for function in functions:
        if isinstance(function, cst.FunctionDef) and function not in opened_in:
            program.insert_into(function.body, wait)
    for site in sites:
        if site.function in opened_in:  # it listens in another function, and sends in this one
            program.insert_before(site.statement, wait)
    for block in began:
        program.insert_into(block, "recognition_started.set()")
    for assign in decoded if not began else ():
        name = program.text(assign.targets[0].target)
        test = target.test(frozenset({"started"}), f'{name}["{target.kind_key}"]', name, Facts())
        program.insert_after(
            program.statement(assign), f"if {test}:\n{INDENT}recognition_started.set()"
        )
    return fitting


def _is_concurrent(program: Program) -> bool:
    """It listens while it speaks."""
    signs = ("Thread(", "create_task(", "gather(", "start_soon(", "WebSocketApp(", "ensure_future(")
    return any(sign in program.source for sign in signs)
