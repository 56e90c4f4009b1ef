"""What a setting is: a row of the table, read from a field and what its annotation says."""

from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields


class About(Struct, frozen=True):
    """What the annotation of a field says about its setting."""

    key: str | None
    """Its place in ``crossfade.toml``, ``section.name``; ``None``: it has none."""
    help: str
    """One or two sentences."""
    minimum: float | None = None
    maximum: float | None = None
    default_text: str | None = None
    """What to print as the default where the value itself would not do."""
    flag: str | None = None
    """``None``: made from the name."""
    env: str | None = None
    """``None``: made from the name."""
    secret: bool = False
    """The value is never repeated in a message."""


class Setting(Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    """The field of ``Settings``."""
    type: Any
    """What its value is: a class, a ``Literal``, or ``tuple[str, ...]``; never ``None``."""
    default: object
    help: str
    flag: str
    """``--no-…`` for what is on by default."""
    env: str
    key: str | None
    about: About

    @property
    def is_switch(self) -> bool:
        """A flag without a value."""
        return self.type is bool

    @property
    def is_repeatable(self) -> bool:
        """The flag may be given more than once."""
        return get_origin(self.type) is tuple

    @property
    def choices(self) -> tuple[str, ...]:
        """The only values that it can have; empty where that is not how it is limited."""
        return get_args(self.type) if get_origin(self.type) is Literal else ()

    @property
    def default_text(self) -> str:
        """The default as people read it."""
        return self.about.default_text or _shown(self.default)

    @property
    def allowed(self) -> str:
        """What its value may be: the end of the sentence "it must be ..."."""
        if self.choices:
            return " or ".join([", ".join(self.choices[:-1]), self.choices[-1]])
        return _KINDS[self.type] + _range(self.about.minimum, self.about.maximum)


_KINDS: dict[Any, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a path",
    tuple[str, ...]: "a list of texts",
}


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _range(minimum: float | None, maximum: float | None) -> str:
    if minimum is not None and maximum is not None:
        return f" from {minimum:g} to {maximum:g}"
    return "" if minimum is None else f", {minimum:g} or more"


def rows_of(settings: type[Struct]) -> tuple[Setting, ...]:
    """Read the fields that are annotated with ``About``, in their order."""
    hints = get_type_hints(settings, include_extras=True)
    rows = (item for item in fields(settings) if get_origin(hints[item.name]) is Annotated)
    return tuple(_row(item.name, hints[item.name], item) for item in rows)


def _row(name: str, hint: Any, item: Any) -> Setting:
    annotated, about = get_args(hint)
    default = item.default_factory() if item.default is NODEFAULT else item.default
    dashed = name.replace("_", "-")
    return Setting(
        name=name,
        type=_without_none(annotated),
        default=default,
        help=about.help,
        flag=about.flag or (f"--no-{dashed}" if default is True else f"--{dashed}"),
        env=about.env or f"CROSSFADE_{name.upper()}",
        key=about.key,
        about=about,
    )


def _without_none(hint: Any) -> Any:
    options = [option for option in get_args(hint) if option is not type(None)]
    return options[0] if type(None) in get_args(hint) else hint
