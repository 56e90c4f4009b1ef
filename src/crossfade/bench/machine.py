"""What a measurement ran on: processor, versions, commit."""

import os
import platform
import re
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from msgspec import Struct

_CHECKOUT = Path(__file__).parents[3]
_CPUINFO = Path("/proc/cpuinfo")

FAST_INT8 = ("avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm")
"""Any of these makes 8-bit matrix products fast; without one the model costs twice as much."""

_SHOWN = ("avx2", "avx512f", *FAST_INT8)

_GIT_LIMIT_S = 5.0


class Hardware(Struct, frozen=True, kw_only=True):
    """The machine."""

    cpu: str
    """The model's name; the architecture where the system does not tell it."""
    architecture: str
    cores: int
    """Logical processors that this process may use."""
    instructions: tuple[str, ...] | None
    """Those of the instruction sets above that there are; ``None``: the system does not tell."""
    system: str

    @property
    def has_fast_int8(self) -> bool | None:
        """``None``: not known."""
        if self.instructions is None:
            return None
        return not set(FAST_INT8).isdisjoint(self.instructions)


class Environment(Struct, frozen=True, kw_only=True):
    """Where and with what something was measured."""

    time: str
    """UTC, ISO 8601, to the second."""
    hardware: Hardware
    versions: dict[str, str]
    commit: str | None
    """Of the checkout that the code lies in, with ``-dirty`` if it was changed since."""


def environment() -> Environment:
    """Look around."""
    packages = ("crossfade", "onnxruntime", "numpy", "websockets", "uvicorn")
    versions = {name: _version(name) for name in packages} | {"python": platform.python_version()}
    return Environment(
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        hardware=hardware(),
        versions=versions,
        commit=commit(_CHECKOUT),
    )


def hardware() -> Hardware:
    """Describe this machine."""
    info = _cpuinfo()
    flags = info.get("flags") or info.get("Features")
    if flags is None and (platform.system(), platform.machine()) == ("Darwin", "arm64"):
        flags = "asimddp"  # every processor that Apple sells under this name
    return Hardware(
        cpu=info.get("model name") or platform.processor() or platform.machine(),
        architecture=platform.machine(),
        cores=n_cores(),
        instructions=None if flags is None else _known(flags.split()),
        system=platform.platform(terse=True),
    )


def n_cores() -> int:
    """Count the logical processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def process_cpu_s(pid: int) -> float | None:
    """CPU time of a process and its threads; ``None`` where the system does not tell, or it ended.

    Linux only: elsewhere it takes a library, and this is not worth one.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    user, system = int(fields[11]), int(fields[12])  # utime and stime, proc_pid_stat(5)
    return (user + system) / os.sysconf("SC_CLK_TCK")


def resident_bytes() -> int | None:
    """Memory that this process holds now; ``None`` where the system does not tell (Linux does)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def peak_resident_bytes(pid: int) -> int | None:
    """The most memory that a process held since its start; ``None`` as for ``process_cpu_s``."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)  # proc_pid_status(5)
    return None if found is None else int(found[1]) * 1024


def commit(folder: Path) -> str | None:
    """Name the commit that a checkout is at; ``None`` if it is none, or there is no git."""
    if not (folder / ".git").exists():
        return None
    try:
        found = subprocess.run(
            ["git", "-C", folder, "describe", "--always", "--dirty", "--exclude=*"],
            capture_output=True,
            text=True,
            timeout=_GIT_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None


def _known(flags: Iterable[str]) -> tuple[str, ...]:
    found = set(flags)
    return tuple(name for name in _SHOWN if name in found)


def _cpuinfo() -> dict[str, str]:
    """Read the first processor's entries; empty where there is no such file."""
    try:
        first = _CPUINFO.read_text().split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
