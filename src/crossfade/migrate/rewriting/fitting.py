"""Audio for a server that wants it in pieces, in real time, and as 16-bit samples."""

from collections.abc import Sequence

import libcst as cst

from crossfade.migrate.rewriting.audio import (
    AudioSite,
    Fitting,
    bytes_a_second,
    is_live,
    is_long_enough,
)
from crossfade.migrate.rewriting.edits import INDENT
from crossfade.migrate.rewriting.orders import Sent
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.wire import Facts, Wire

_PIECES_A_SECOND = 20

AS_PCM_S16LE = '''
def as_pcm_s16le(data):
    """Turn 32-bit float samples into 16-bit ones."""
    samples = struct.unpack(f"<{len(data) // 4}f", data)
    return struct.pack(
        f"<{len(samples)}h", *(round(max(-1.0, min(1.0, one)) * 32767) for one in samples)
    )
'''
PIECES_OF_AUDIO = '''
unsent_audio = defaultdict(bytearray)  # for each connection, what is too short to be sent yet


def pieces_of_audio(connection, data, piece_bytes):
    """Cut audio into pieces of 50 ms, however it came: pieces of 50 to 1000 ms are accepted."""
    waiting = unsent_audio[connection]
    waiting += data
    while len(waiting) >= piece_bytes:
        yield bytes(waiting[:piece_bytes])
        del waiting[:piece_bytes]


def rest_of_audio(connection):
    """What is left at the end, if anything."""
    rest = bytes(unsent_audio.pop(connection, b""))
    return [rest] if rest else []
'''


def fit_audio(
    program: Program, sites: Sequence[AudioSite], orders: Sequence[Sent], facts: Facts, target: Wire
) -> Fitting:
    """Convert, cut and pace audio where it is sent, as far as the target asks for it."""
    fitting = Fitting(helpers={}, imports=set())
    if facts.encoding == "file" and "file" not in target.encodings:
        for site in sites:
            why = f"decode it first: {target.title} takes samples, and no files."
            program.mark(site.statement, "audio of a file", why)
    for site in sites:
        if not site.is_plain:
            _mark_bound(program, site, facts, target)
            continue
        data = program.rendered(site.data)
        if facts.encoding not in target.encodings and facts.encoding == "pcm_f32le":
            fitting.helpers["as_pcm_s16le"] = AS_PCM_S16LE
            fitting.imports.add("import struct")
            data = f"as_pcm_s16le({data})"
        lines = _statement_with(program, site, data)
        sent = data
        if target.pieces and not is_long_enough(program, site, facts):
            _cut(program, site, orders, facts, fitting)
            socket = _socket(program, site.call)
            inner = _statement_with(program, site, "piece")
            pieces = f"pieces_of_audio({socket}, {data}, {_piece_bytes(facts)})"
            lines, sent = f"for piece in {pieces}:\n{INDENT}{inner}", "piece"
        if target.paced and _is_unpaced(program, site):
            lines += _pause(program, site, sent, facts, fitting, inside=sent == "piece")
        if lines != program.text(site.statement):
            old = program.indent(site.statement)
            program.replace(site.statement, lines.replace("\n", "\n" + old))
    return fitting


def _mark_bound(program: Program, site: AudioSite, facts: Facts, target: Wire) -> None:
    """Audio that is sent in the midst of something else."""
    is_converted = facts.encoding not in target.encodings and facts.encoding == "pcm_f32le"
    if is_converted or (target.pieces and not is_long_enough(program, site, facts)):
        said = "16-bit samples, in pieces of 50 to 1000 ms" if is_converted else "50 to 1000 ms"
        program.mark(site.call, "audio", f"{target.title} takes {said}: see to it here.")


def _statement_with(program: Program, site: AudioSite, data: str) -> str:
    """The sending statement with other data."""
    start, end = program.span(site.statement)
    first, last = program.span(site.data)
    source = program.source.encode()
    return source[start:first].decode() + data + source[last:end].decode()


def _socket(program: Program, call: cst.Call) -> str:
    assert isinstance(call.func, cst.Attribute)
    return program.rendered(call.func.value)


def _cut(
    program: Program,
    site: AudioSite,
    orders: Sequence[Sent],
    facts: Facts,
    fitting: Fitting,
) -> None:
    """Send the rest before the end."""
    fitting.helpers["pieces_of_audio"] = PIECES_OF_AUDIO
    fitting.imports.add("from collections import defaultdict")
    if facts.sample_rate_hz is None and not facts.sample_rate.isidentifier():
        why = "the length of a piece is that at 16 kHz; make it 50 ms of your audio."
        program.mark(site.statement, "audio is cut", why)
    for sent in orders:
        if sent.order != "end":
            continue
        send = _sending(program, sent)
        if send is not None and isinstance(send.func, cst.Attribute):
            socket = program.rendered(send.func.value)
            old = _socket(program, site.call)
            inner = _statement_with(program, site, "rest").replace(f"{old}.", f"{socket}.", 1)
            text = f"for rest in rest_of_audio({socket}):\n{INDENT}{inner}"
            program.insert_before(program.statement(send), text)


def _sending(program: Program, sent: Sent) -> cst.Call | None:
    """The call that sends a message, if it is sent where it is made or by its name."""
    holders: list[cst.CSTNode] = [sent.node]
    assign = program.parent(sent.node)
    if isinstance(assign, cst.Assign) and isinstance(assign.targets[0].target, cst.Name):
        name = assign.targets[0].target
        holders += [
            use
            for use in program.all(cst.Name)
            if use.value == name.value and program.home(use) is program.home(name)
        ]
    for holder in holders:
        for above in program.parents(holder):
            if isinstance(above, cst.Call) and program.text(above.func).rpartition(".")[
                2
            ].startswith("send"):
                return above
    return None


def _piece_bytes(facts: Facts) -> str:
    whole = bytes_a_second(facts)
    if whole.isdigit():
        return str(int(whole) // _PIECES_A_SECOND)
    return f"{facts.sample_rate} // {_PIECES_A_SECOND}" + (" * 2" if "*" in whole else "")


def _is_unpaced(program: Program, site: AudioSite) -> bool:
    """Nothing holds it back: it reads a file as fast as that can be read."""
    if is_live(program) or isinstance(site.function, cst.Module):
        return False
    text = program.text(site.function)
    return "sleep" not in text and "open(" in text


def _pause(
    program: Program, site: AudioSite, sent: str, facts: Facts, fitting: Fitting, *, inside: bool
) -> str:
    is_async = isinstance(program.parent(site.call), cst.Await)
    module = "asyncio" if is_async else "time"
    fitting.imports.add(f"import {module}")
    line = f"{'await ' if is_async else ''}{module}.sleep(len({sent}) / {bytes_a_second(facts)})"
    return f"\n{INDENT if inside else ''}{line}  # no faster than it is spoken"
