"""A dialect's tables of names, turned so that the names of a file can be looked up."""

import re
from collections.abc import Mapping, Sequence

from crossfade.dialects.programs import Api, Programs, Sdk, Term


class Vocabulary:
    """What the names in one file may mean: those of the generations that it uses, older ones last.

    Args:
        programs: The vendor's tables.
        apis: The protocols that the file uses.
        sdks: The libraries that it uses.
    """

    def __init__(self, programs: Programs, apis: Sequence[Api], sdks: Sequence[Sdk]) -> None:
        self.programs = programs
        self.apis = tuple(apis)
        self.sdks = tuple(sdks)
        self.settings: dict[str, Term] = {}
        self.messages: dict[str, Term] = {}
        self.fields: dict[str, Term] = {}
        self.arguments: dict[str, Term] = {}
        for api in reversed(apis):
            self.settings.update(api.settings)
            self.messages.update(api.messages)
            self.fields.update(api.fields)
        for sdk in sdks:
            self.messages.update(sdk.messages)
            self.arguments.update(sdk.arguments)
        self.kind_fields = frozenset(api.kind_field for api in apis)
        self.objects = _objects(self.settings)
        """The settings by the object that they stand in: "" is the outermost."""
        self.is_flat = set(self.objects) == {""}
        self._leaves = _leaves(self.settings)

    def is_object(self, path: str) -> bool:
        """Whether settings stand below it."""
        return path in self.objects

    def tells(self, path: str, name: str) -> bool:
        """Whether a name in the object at ``path`` is the vendor's, and hardly anybody else's."""
        return name in self.objects[path] and name not in self.programs.common

    def leaf(self, name: str) -> str | None:
        """The setting whose last name this is, in either case style."""
        return self._leaves.get(name)

    def plain(self, name: str) -> str:
        """A name as it is on the wire: some libraries spell it in camel case."""
        snake = snake_case(name)
        return snake if snake != name and snake in self._leaves else name


def join(path: str, name: str) -> str:
    """The path of a name in an object."""
    return f"{path}.{name}" if path else name


def snake_case(name: str) -> str:
    """``speechModel`` → ``speech_model``."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), name)


def pascal_case(member: str) -> str:
    """``ADD_TRANSCRIPT`` → ``AddTranscript``; other spellings stay."""
    if member.upper() != member:
        return member
    return "".join(part.capitalize() for part in member.split("_"))


def _objects(settings: Mapping[str, Term]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {"": set()}
    for path in settings:
        parts = path.split(".")
        for n in range(len(parts)):
            found.setdefault(".".join(parts[:n]), set()).add(parts[n])
    return {path: frozenset(names) for path, names in found.items()}


def _leaves(settings: Mapping[str, Term]) -> dict[str, str]:
    leaves: dict[str, str] = {}
    for path in settings:
        leaves.setdefault(path.rpartition(".")[2], path)
    return leaves
