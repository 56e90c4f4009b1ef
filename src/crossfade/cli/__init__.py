"""The command line: thin; everything it does is a call into another room.

Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage,
130 interrupted, 143 terminated. The commands import what is heavy when they run, so that ``--help``
is quick.
"""

import errno
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from crossfade.cli.bench import bench
from crossfade.cli.certs import certs
from crossfade.cli.compare import compare
from crossfade.cli.conformance import conformance
from crossfade.cli.demo_command import demo
from crossfade.cli.doctor import doctor
from crossfade.cli.emulate import emulate
from crossfade.cli.keys import keys
from crossfade.cli.listen import listen
from crossfade.cli.migrate import migrate
from crossfade.cli.models import models
from crossfade.cli.serve import serve
from crossfade.cli.tokens import token
from crossfade.cli.transcribe import transcribe
from crossfade.errors import CrossfadeError

INTERRUPTED = 130
"""What a shell reports for a program ended by Ctrl-C."""

TERMINATED = 143
"""And for one ended by SIGTERM."""

_OUTPUT_LOST = (errno.EPIPE, errno.ENOSPC)
"""Whoever read our output has enough of it, as `head` has; or the disk is full."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="crossfade", message="crossfade %(version)s")
def crossfade() -> None:
    """Streaming speech to text on your own machine, in the protocols that your clients speak.

    Start with: crossfade demo
    """


for _command in (
    *(serve, demo, emulate, transcribe, listen, keys, token, certs, models),
    *(bench, compare, migrate, conformance, doctor),
):
    crossfade.add_command(_command)


def main() -> None:
    """Run the command line and exit."""
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(_run())


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    """Clean up as after Ctrl-C: a server that a benchmark has started would run on without it."""
    sys.exit(TERMINATED)


def _run() -> int:
    try:
        code = crossfade.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except CrossfadeError as error:
        click.echo(f"crossfade: {error}", err=True)
        return 1
    except OSError as error:
        if error.errno not in _OUTPUT_LOST:
            raise
        return _end_without_output(error)
    return code if isinstance(code, int) else 0


def _end_without_output(error: OSError) -> int:
    # What is still in the buffer of stdout cannot be written either; at exit Python would try.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno != errno.EPIPE:
        click.echo(f"crossfade: cannot write: {error.strerror}", err=True)
    return 1
