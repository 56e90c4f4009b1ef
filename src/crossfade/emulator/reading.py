"""Scripts as files: YAML or JSON lines in, a script out; what is wrong is told with its line."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from crossfade.emulator.faults import Fault, nearest, no_such
from crossfade.emulator.script import (
    NO_OPTIONS,
    Options,
    Script,
    ScriptError,
    SpokenWord,
    Utterance,
)

if TYPE_CHECKING:
    import yaml

_Part = Utterance | Fault | Options
_T = TypeVar("_T", bound=_Part)
_Path = Sequence[str]
"""Names and numbers that lead into an entry: ``["words", "0", "start_ms"]``."""

_UNKNOWN = re.compile(r"unknown field `(.*?)`")
_INSIDE = re.compile(r" - at `\$(.*)`$")


class _Entry(Struct, frozen=True):
    """What was decoded of one entry, and where what is in it stands."""

    value: Any
    place: Callable[[_Path], str]


def read_script(path: Path, *, faults: Collection[str] | None = None) -> Script:
    """Read a file: ``.jsonl`` has one JSON object a line, anything else is YAML.

    Args:
        path: The file.
        faults: The names that a fault may have; ``None``: any.

    Raises:
        ScriptError: If it cannot be read, or is no script.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise ScriptError(f"cannot read {path}: {type(error).__name__}") from error
    parse = parse_jsonl if path.suffix == ".jsonl" else parse_yaml
    try:
        return parse(text, faults=faults)
    except ScriptError as error:
        raise ScriptError(f"{path}: {error}") from error


def parse_yaml(text: str, *, faults: Collection[str] | None = None) -> Script:
    """Understand a script in YAML.

    Raises:
        ScriptError: If it is none.
    """
    import yaml  # only here: who writes no YAML does not wait for it

    try:
        return _made(_yaml_entries(text), faults)
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}: "
        raise ScriptError(f"{line}not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ScriptError(f"not YAML: {error}") from error


def parse_jsonl(text: str, *, faults: Collection[str] | None = None) -> Script:
    """Understand a script of one JSON object a line; empty lines do not count.

    Raises:
        ScriptError: If it is none.
    """
    return _made(_json_entries(text), faults)


def make_script(entries: Iterable[Any]) -> Script:
    """Put entries together, as they were decoded from either format.

    Raises:
        ScriptError: If one of them is not understood, or they do not fit together.
    """
    return _made(
        (_Entry(entry, _always(f"entry {n}")) for n, entry in enumerate(entries, start=1)), None
    )


def _yaml_entries(text: str) -> Iterator[_Entry]:
    import yaml

    loader = yaml.SafeLoader(text)
    document = loader.get_single_node()
    if not isinstance(document, yaml.SequenceNode):
        raise ScriptError("a script is a list: '- say: ...' for each utterance")
    for node in document.value:
        yield _Entry(loader.construct_document(node), _in_yaml(node))


def _in_yaml(entry: "yaml.Node") -> Callable[[_Path], str]:
    import yaml

    def place(path: _Path) -> str:
        node, line = entry, entry.start_mark.line
        for step in path:
            if isinstance(node, yaml.MappingNode):
                found = [pair for pair in node.value if pair[0].value == step]
            elif isinstance(node, yaml.SequenceNode) and step.isdigit():
                found = [(item, item) for item in node.value[int(step) :][:1]]
            else:
                found = []
            if not found:
                break
            line, node = found[0][0].start_mark.line, found[0][1]
        return f"line {line + 1}"

    return place


def _json_entries(text: str) -> Iterator[_Entry]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                yield _Entry(msgspec.json.decode(line), _always(f"line {number}"))
            except msgspec.DecodeError as error:
                raise ScriptError(f"line {number}: {error}") from error


def _always(place: str) -> Callable[[_Path], str]:
    return lambda path: place


def _made(entries: Iterable[_Entry], faults: Collection[str] | None) -> Script:
    parts = [(_understood(entry, faults), entry.place([])) for entry in entries]
    said = [(part, place) for part, place in parts if isinstance(part, Utterance)]
    options = [(part, place) for part, place in parts if isinstance(part, Options)]
    if len(options) > 1:
        raise ScriptError(f"{options[1][1]}: there is more than one 'set'")
    script = Script(
        utterances=tuple(part for part, _ in said),
        faults=tuple(part for part, _ in parts if isinstance(part, Fault)),
        options=options[0][0] if options else NO_OPTIONS,
    )
    for channel in {None, *(utterance.channel for utterance in script.utterances)}:
        try:
            script.part(channel)
        except ScriptError as error:
            place = options[0][1] if error.utterance is None else said[error.utterance][1]
            raise ScriptError(f"{place}: {error}") from error
    return script


def _understood(entry: _Entry, faults: Collection[str] | None) -> _Part:
    value = entry.value
    if not isinstance(value, Mapping):
        raise ScriptError(f"{entry.place([])}: not an object")
    if "set" in value and len(value) == 1:
        return _converted(value["set"], Options, entry, ["set"])
    if "fault" in value:
        fault = _converted(value, Fault, entry, [])
        if faults is not None and fault.fault not in faults:
            raise ScriptError(f"{entry.place(['fault'])}: {no_such(fault.fault, faults)}")
        return fault
    utterance = _converted(value, Utterance, entry, [])
    if (utterance.say is None) == (utterance.words is None):
        why = "it needs 'say', 'words', 'fault' or 'set', and one of them only"
        raise ScriptError(f"{entry.place([])}: {why}")
    return utterance


def _converted(value: object, kind: type[_T], entry: _Entry, path: _Path) -> _T:
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, ValueError) as error:
        said = str(error)
        if inside := _INSIDE.search(said):
            said = said[: inside.start()]
            path = [*path, *re.findall(r"[^.\[\]]+", inside[1])]
            said += f", in {'.'.join(path)}"
        if unknown := _UNKNOWN.search(said):
            path = [*path, unknown[1]]
            known = SpokenWord if "words" in path[:-1] else kind
            said += nearest(unknown[1], _fields(known))
        raise ScriptError(f"{entry.place(path)}: {said}") from error


def _fields(kind: type[Struct]) -> Collection[str]:
    more = ("fault", "set") if kind is Utterance else ()
    return (*kind.__struct_fields__, *more)
