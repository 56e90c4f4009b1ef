"""Vendors' clients in processes of their own: audio goes in at stdin, JSON comes out."""

import asyncio
import json
import os
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from processes import CHECKOUT

LIMIT_S = 60


def folder_of(framework: str) -> Path:
    """Where a voice framework and its plugins are; skip the test that asks where they are not."""
    folder = CHECKOUT / ".clients" / framework
    if not (folder / ".made").exists():
        pytest.skip(f"hundreds of megabytes of {framework} are not here: make plugins")
    return folder


async def heard_by(*command: str | Path, audio: bytes, **environment: str) -> Any:
    """Run a client, which does its own pacing; return what it printed."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command), env=os.environ | environment, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            out, err = await process.communicate(audio)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, err.decode()
    return json.loads(out)
