"""The places where a program sends audio, and how much of it they send at a time."""

import re
from collections.abc import Collection, Iterator, Sequence

import libcst as cst
from msgspec import Struct

from crossfade.migrate.rewriting.expressions import is_string
from crossfade.migrate.rewriting.following import Variable, variable
from crossfade.migrate.rewriting.program import Program, Statement
from crossfade.migrate.rewriting.wire import Facts, Wire

_BYTES = {"send_bytes", "send_binary"}
_READS = {"read": 1, "readframes": 0}
_LIVE = ("pyaudio", "sounddevice", "soundcard", "alsaaudio")
_WIDTHS = {"pcm_s16le": 2, "pcm_f32le": 4, "mulaw": 1, "file": 2}
_SHORTEST_S, _LONGEST_S = 0.05, 1.0


class Fitting(Struct, kw_only=True):
    """What was needed."""

    helpers: dict[str, str]
    imports: set[str]


class AudioSite(Struct, frozen=True, kw_only=True):
    """A call that sends audio, a statement of its own."""

    call: cst.Call
    data: cst.BaseExpression
    statement: Statement
    function: cst.CSTNode
    is_plain: bool
    """Its statement does nothing else, so that others can be put around it."""


def find_audio(program: Program, held: Collection[Variable]) -> list[AudioSite]:
    """Calls that send bytes through one of these sockets, or by the name of one of them.

    Through any, where none is known.
    """
    found = [site for call in program.all(cst.Call) if (site := _site(program, call)) is not None]
    names = {name.lstrip(".") for name, _ in held}
    return [
        site
        for site in found
        if (receiver := _receiver(program, site)) in held
        or (
            (not names or (receiver is not None and receiver[0].lstrip(".") in names))
            and not _is_served(program, site)
        )
    ]


def mark_doubtful(program: Program, own: Sequence[AudioSite], target: Wire) -> None:
    """Mark what sends bytes through something that may be such a socket or not."""
    calls = [site.call for site in own]
    for call in program.all(cst.Call):
        site = _site(program, call) if call not in calls else None
        if site is not None and _may_be_socket(program, site):
            why = f"if {target.title} hears it, do here what is done where the rest is sent."
            program.mark(call, "audio", why)


def _may_be_socket(program: Program, site: AudioSite) -> bool:
    assert isinstance(site.call.func, cst.Attribute)
    said = program.text(site.call.func)
    is_like_one = said.endswith(tuple(_BYTES)) or re.search(r"ws|sock", said, re.IGNORECASE)
    return bool(is_like_one) and not _is_served(program, site)


def _is_served(program: Program, site: AudioSite) -> bool:
    """It goes to somebody who connected to this program."""
    assert isinstance(site.call.func, cst.Attribute)
    name = site.call.func.value
    if not isinstance(name, cst.Name):
        return False
    home = program.home(name)
    annotated = [
        program.text(one.annotation.annotation)
        for one in (home.params.params if isinstance(home, cst.FunctionDef) else ())
        if one.name.value == name.value and one.annotation is not None
    ]
    made = [program.text(value) for value in program.assigned(name)]
    return any("WebSocket" in said for said in (*annotated, *made))


def _receiver(program: Program, site: AudioSite) -> Variable | None:
    assert isinstance(site.call.func, cst.Attribute)
    return variable(program, site.call.func.value)


def _site(program: Program, call: cst.Call) -> AudioSite | None:
    if not isinstance(call.func, cst.Attribute) or not call.args:
        return None
    name = call.func.attr.value
    if name not in _BYTES and not (name == "send" and _is_audio(program, call)):
        return None
    return AudioSite(
        call=call,
        data=call.args[0].value,
        statement=program.statement(call),
        function=program.scope(call),
        is_plain=_is_plain(program, call),
    )


def _is_plain(program: Program, call: cst.Call) -> bool:
    for above in program.parents(call):
        if isinstance(above, cst.SimpleStatementLine):
            return len(above.body) == 1
        if not isinstance(above, cst.Await | cst.Arg | cst.Call | cst.Expr):
            return False
    return False


def _is_audio(program: Program, call: cst.Call) -> bool:
    if len(call.args) > 1:
        return "BINARY" in program.text(call.args[1])
    return not _is_text(program, call.args[0].value)


def _is_text(program: Program, node: cst.BaseExpression) -> bool:
    if is_string(node) or isinstance(node, cst.Dict):
        return True
    if isinstance(node, cst.Call):
        return program.text(node.func) in ("json.dumps", "str")
    return any(_is_text(program, value) for value in program.assigned(node))


def bytes_a_second(facts: Facts) -> str:
    """As an expression, of the audio as it is sent."""
    width = _WIDTHS["mulaw"] if facts.encoding == "mulaw" else 2
    if facts.sample_rate_hz is not None:
        return str(facts.sample_rate_hz * width)
    if facts.sample_rate.isidentifier() and facts.sample_rate.isupper():
        return facts.sample_rate if width == 1 else f"{width} * {facts.sample_rate}"
    return str(16_000 * width)


def is_long_enough(program: Program, site: AudioSite, facts: Facts) -> bool:
    """It is known to be from 50 to 1000 ms."""
    seconds = [_seconds(program, read, facts) for read in _origins(program, site.data)]
    return bool(seconds) and all(s is not None and _SHORTEST_S <= s <= _LONGEST_S for s in seconds)


def _origins(program: Program, data: cst.BaseExpression) -> Iterator[cst.Call]:
    """The calls that read what is sent."""
    if isinstance(data, cst.Call):
        yield data
    elif isinstance(data, cst.Name):
        scope = program.scope(data)
        for node in program.all(cst.NamedExpr, scope):
            if program.text(node.target) == data.value and isinstance(node.value, cst.Call):
                yield node.value
        for value in program.assigned(data):
            if isinstance(value, cst.Call):
                yield value


def _seconds(program: Program, read: cst.Call, facts: Facts) -> float | None:
    name = read.func.attr.value if isinstance(read.func, cst.Attribute) else ""
    if name not in _READS or not read.args:
        return None
    amount = _number(program, read.args[0].value, facts)
    if amount is None:
        return None
    in_frames = name == "readframes" or is_live(program)
    width = 1 if in_frames else _WIDTHS.get(facts.encoding, 2)
    return amount / width / (facts.sample_rate_hz or 16_000)


def _number(program: Program, node: cst.BaseExpression, facts: Facts) -> float | None:
    """Arithmetic on constants and on the rate of the audio."""
    known = program.constant(node)
    if isinstance(known, int | float):
        return known
    if program.text(node).endswith(".getframerate()") or program.text(node) == facts.sample_rate:
        return facts.sample_rate_hz or 16_000
    if isinstance(node, cst.Call) and program.text(node.func) == "int":
        return _number(program, node.args[0].value, facts)
    if isinstance(node, cst.BinaryOperation):
        left, right = (_number(program, side, facts) for side in (node.left, node.right))
        if left is None or right is None:
            return None
        match node.operator:
            case cst.Multiply():
                return left * right
            case cst.Divide() | cst.FloorDivide():
                return left / right if right else None
    values = program.assigned(node)
    return _number(program, values[0], facts) if len(values) == 1 else None


def is_live(program: Program) -> bool:
    """It hears a microphone, which gives audio at the speed of speech."""
    return any(
        program.text(alias.name).split(".")[0] in _LIVE
        for node in program.all(cst.Import)
        for alias in node.names
    )
