"""What is no Python, line by line: JavaScript and TypeScript, JSON, YAML, TOML, ``.env``."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain

import yaml

from crossfade.dialects.programs import Programs, Sdk, Term
from crossfade.migrate.findings import Sighting
from crossfade.migrate.reading.evidence import Clue, Use, apis_of, apis_used
from crossfade.migrate.reading.objects import Entry, Object, everywhere
from crossfade.migrate.reading.strings import in_strings, variables
from crossfade.migrate.reading.tokens import Token, objects, tokens
from crossfade.migrate.reading.vocabulary import Vocabulary

_YAML = frozenset({".yaml", ".yml"})
_SECTIONED = frozenset({".toml", ".cfg", ".ini"})
_LISTENING = frozenset({"on", "once", "addEventListener", "addListener", "case"})
_ASKING = frozenset({"==", "===", "!=", "!==", "case"})
_SETTING = frozenset({"append", "set"})
_PAIR = re.compile(r"""^\s*["']?(?P<key>[A-Za-z_][\w-]*)["']?\s*=\s*(?P<value>.*)$""")

_OPENING = Term(topic="connection.handshake")


def read(text: str, name: str, programs: Programs) -> tuple[list[Use], list[Sighting]]:
    """Tell what a file uses of one vendor, by the file's name; nothing if it does not."""
    suffix = "." + name.rpartition(".")[2]
    if suffix in _YAML:
        return _read_configuration(text, list(_of_yaml(text)), programs)
    if suffix in _SECTIONED or ".env" in name:
        return _read_configuration(text, list(_of_sections(text)), programs)
    return _read_code(text, programs)


def _read_code(text: str, programs: Programs) -> tuple[list[Use], list[Sighting]]:
    cut = tokens(text)
    clues = [Clue(line=token.line, text=token.text) for token in cut if token.kind != "mark"]
    uses = [*apis_used(programs, clues), *_sdks_used(programs, cut)]
    if not uses:
        return [], []
    apis = apis_of(programs, uses)
    sdks = [use.what for use in uses if isinstance(use.what, Sdk)]
    vocabulary = Vocabulary(programs, apis, sdks)
    found = chain(
        *(_of_token(cut, n, vocabulary) for n in range(len(cut))),
        *(everywhere(written, vocabulary) for written in objects(cut)),
    )
    return uses, list(found)


def _read_configuration(
    text: str, written: Sequence[Object], programs: Programs
) -> tuple[list[Use], list[Sighting]]:
    lines = [
        (number, line)
        for number, line in enumerate(text.splitlines(), start=1)
        if not line.lstrip().startswith(("#", ";"))
    ]
    words = [(number, word) for number, line in lines for word in re.findall(r"\w+", line)]
    clues = [Clue(line=number, text=said) for number, said in (*lines, *words)]
    uses = list(apis_used(programs, clues))
    # A key in an environment file is all that some programs show.
    apis = apis_of(programs, uses) or list(programs.apis[:1])
    vocabulary = Vocabulary(programs, apis, [])
    found = list(chain(*(in_strings(number, line, vocabulary) for number, line in lines)))
    if uses:
        found += chain(*(everywhere(item, vocabulary) for item in written))
    if found and not uses:
        uses = [Use(line=found[0].line, what=apis[0])]
    return (uses, found) if found else ([], [])


def _sdks_used(programs: Programs, cut: Sequence[Token]) -> Iterator[Use]:
    """Libraries that are imported, and of which something is used that no other one has."""
    imported = {token.text: token.line for token in cut if token.kind == "string"}
    names = {token.text for token in cut if token.kind == "name"}
    sdks = [sdk for sdk in programs.sdks if sdk.language == "javascript"]
    for sdk in sdks:
        lines = [imported[module] for module in sdk.modules if module in imported]
        others = chain(*(_names(other) for other in sdks if other is not sdk))
        if lines and names & (_names(sdk) - set(others)):
            yield Use(line=min(lines), what=sdk)


def _names(sdk: Sdk) -> set[str]:
    return {*sdk.names, *sdk.methods}


def _of_token(cut: Sequence[Token], n: int, vocabulary: Vocabulary) -> Iterator[Sighting]:
    token = cut[n]
    earlier, before, after = (_text(cut, n + step) for step in (-2, -1, 1))
    if token.kind == "string":
        yield from in_strings(token.line, token.text, vocabulary)
        yield from _kind(token, before, earlier, vocabulary)
        if before == "(" and earlier in _SETTING:
            yield from _set(token, _text(cut, n + 2) if after == "," else None, vocabulary)
    elif token.kind == "name":
        yield from variables(token.line, token.text, vocabulary)
        yield from _name(token, before, after, vocabulary)


def _text(cut: Sequence[Token], n: int) -> str:
    return cut[n].text if 0 <= n < len(cut) else ""


def _kind(token: Token, before: str, earlier: str, vocabulary: Vocabulary) -> Iterator[Sighting]:
    text, line = token.text, token.line
    listened = before == "(" and earlier in _LISTENING
    asked = before in _ASKING or listened
    if text in vocabulary.messages and (asked or text in vocabulary.programs.telling):
        term = vocabulary.messages[text]
        yield Sighting(line=line, kind="message", name=text, term=term)
    if text in vocabulary.fields and before == "[":
        yield Sighting(line=line, kind="field", name=text, term=vocabulary.fields[text])


def _set(token: Token, value: str | None, vocabulary: Vocabulary) -> Iterator[Sighting]:
    """A parameter of a query that is put together by one call for each."""
    name = vocabulary.plain(token.text)
    if vocabulary.is_flat and name in vocabulary.settings:
        term = vocabulary.settings[name]
        yield Sighting(line=token.line, kind="setting", name=name, term=term, value=value)


def _name(token: Token, before: str, after: str, vocabulary: Vocabulary) -> Iterator[Sighting]:
    text, line = token.text, token.line
    for sdk in vocabulary.sdks:
        if text in sdk.names and after in {"(", "<"}:
            yield Sighting(line=line, kind="call", name=text, term=sdk.names[text])
        if text in sdk.methods and before == "." and after in {"(", "."}:
            yield Sighting(line=line, kind="call", name=f".{text}", term=sdk.methods[text])
    if text == "WebSocket" and before == "new":
        yield Sighting(line=line, kind="call", name="new WebSocket", term=_OPENING)
    if text in vocabulary.fields and before == ".":
        yield Sighting(line=line, kind="field", name=text, term=vocabulary.fields[text])
    path = vocabulary.leaf(vocabulary.plain(text))
    if path is not None and before == "." and after == "=":
        yield Sighting(line=line, kind="setting", name=path, term=vocabulary.settings[path])


def _of_yaml(text: str) -> Iterator[Object]:
    try:
        documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError):
        return  # its lines are read all the same
    for document in documents:
        yield from _of_node(document)


def _of_node(node: yaml.Node | None) -> Iterator[Object]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _of_node(item)
    if isinstance(node, yaml.MappingNode):
        yield Object(
            entries=tuple(
                Entry(
                    name=str(key.value),
                    line=key.start_mark.line + 1,
                    value=value.value if isinstance(value, yaml.ScalarNode) else None,
                    objects=tuple(_of_node(value)),
                )
                for key, value in node.value
                if isinstance(key, yaml.ScalarNode)
            )
        )


def _of_sections(text: str) -> Iterator[Object]:
    """Every section as an object of its own: which one it is, its names tell."""
    entries: list[Entry] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("["):
            yield Object(entries=tuple(entries))
            entries = []
        elif (found := _PAIR.match(line)) is not None:
            value = found["value"].strip().strip("\"'")
            entries.append(Entry(name=found["key"], line=number, value=value))
    yield Object(entries=tuple(entries))
