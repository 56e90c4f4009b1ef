"""Writes data files as a wheel that pip can install."""

import base64
import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time an archive can hold: the same files make the same wheel."""
_GENERATOR = "crossfade"


@dataclass(frozen=True, slots=True)
class DataWheel:
    """A wheel of one package without code: files of every platform and Python.

    Attributes:
        package: Name for ``import``; with hyphens it is the project's name.
        version: The project's version.
        summary: One line about it.
        license: What its licences are, as an SPDX expression.
    """

    package: str
    version: str
    summary: str
    license: str = "MIT"

    @property
    def filename(self) -> str:
        """The only name by which pip installs it."""
        return f"{self.package}-{self.version}-py3-none-any.whl"

    def write(self, path: Path, *, data: Sequence[Path], licenses: Sequence[Path]) -> None:
        """Write the wheel; a file that is there is replaced when the new one is complete.

        Args:
            path: Where; its name has to be ``filename``.
            data: Files that go into the package.
            licenses: Licence texts.
        """
        info = f"{self.package}-{self.version}.dist-info"
        members: list[tuple[str, bytes]] = [
            (f"{self.package}/__init__.py", f'"""{self.summary}."""\n'.encode()),
            *((f"{self.package}/{file.name}", file.read_bytes()) for file in data),
            *((f"{info}/licenses/{file.name}", file.read_bytes()) for file in licenses),
            (f"{info}/METADATA", self._metadata(licenses).encode()),
            (f"{info}/WHEEL", _WHEEL.encode()),
        ]
        members.append((f"{info}/RECORD", _record(members, f"{info}/RECORD").encode()))
        partial = path.with_name(f"{path.name}.part")
        try:
            with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in members:
                    archive.writestr(_member(name), content, zipfile.ZIP_DEFLATED)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def _metadata(self, licenses: Sequence[Path]) -> str:
        lines = [
            "Metadata-Version: 2.4",
            f"Name: {self.package.replace('_', '-')}",
            f"Version: {self.version}",
            f"Summary: {self.summary}",
            f"License-Expression: {self.license}",
            *(f"License-File: {file.name}" for file in licenses),
        ]
        return "\n".join(lines) + "\n"


_WHEEL = f"""Wheel-Version: 1.0
Generator: {_GENERATOR}
Root-Is-Purelib: true
Tag: py3-none-any
"""


def _record(members: Sequence[tuple[str, bytes]], own_name: str) -> str:
    """List every file with its digest and size; the list itself has neither."""
    rows = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in members]
    return "\n".join([*rows, f"{own_name},,"]) + "\n"


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.external_attr = 0o644 << 16
    return info
