"""Whether a file uses a vendor at all, and which of its protocols and libraries."""

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from crossfade.dialects.programs import Api, Programs, Sdk


class Clue(Struct, frozen=True, kw_only=True):
    """A string or name in a file that may tell whose it is."""

    line: int
    text: str


class Use(Struct, frozen=True, kw_only=True):
    """A protocol or library that a file uses."""

    line: int
    """Where it shows first."""
    what: Api | Sdk


def may_use(programs: Programs, text: str) -> bool:
    """Whether a text is worth reading: whatever is found later stands in it as it is."""
    patterns = [pattern for api in programs.apis for pattern in api.urls]
    patterns += programs.variables
    modules = {module.partition(".")[0] for sdk in programs.sdks for module in sdk.modules}
    return any(name in text for name in {*programs.telling, *modules}) or any(
        re.search(pattern, text) for pattern in patterns
    )


def apis_used(programs: Programs, clues: Iterable[Clue]) -> Iterator[Use]:
    """Tell the vendor's protocols by addresses and by names that only they have."""
    seen: set[str] = set()
    for clue in clues:
        for api in programs.apis:
            if api.title not in seen and _shows(programs, api, clue.text):
                seen.add(api.title)
                yield Use(line=clue.line, what=api)


def apis_of(programs: Programs, uses: Iterable[Use]) -> list[Api]:
    """All protocols that are used, those of libraries too; in the order of the table."""
    titles = {use.what.title if isinstance(use.what, Api) else use.what.api for use in uses}
    return [api for api in programs.apis if api.title in titles]


def addresses(api: Api, text: str) -> Mapping[str, str]:
    """The addresses of a protocol in a text, with their topics."""
    return {
        found[0]: topic
        for pattern, topic in api.urls.items()
        for found in re.finditer(pattern, text)
    }


def _shows(programs: Programs, api: Api, text: str) -> bool:
    if addresses(api, text):
        return True
    # A name that two generations share tells of the one that the dialect speaks.
    return text in programs.telling and _owner(programs, text) is api


def _owner(programs: Programs, name: str) -> Api | None:
    return next((api for api in programs.apis if name in _names(api)), None)


def _names(api: Api) -> set[str]:
    parts = {part for path in api.settings for part in path.split(".")}
    return parts | set(api.messages) | set(api.fields)
