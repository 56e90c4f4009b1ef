"""``make fuzz``: as many random frames as asked, at every dialect."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from fuzz.dialects import VOCABULARIES
from fuzz.run import fuzz


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, help="stop after this long")
    parser.add_argument("--dialect", choices=[v.dialect for v in VOCABULARIES])
    args = parser.parse_args()
    chosen = [v for v in VOCABULARIES if args.dialect in (None, v.dialect)]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        findings = asyncio.run(
            fuzz(chosen, Path(folder), n_frames=args.frames, seed=args.seed, limit_s=args.seconds)
        )
    report = [
        f"{findings.n_frames} frames in {findings.n_sessions} sessions, seed {args.seed}",
        f"took: {time.monotonic() - began:.0f} s",
        f"closed with: {dict(sorted(findings.closes.items()))}",
        f"heard: {dict(findings.heard.most_common())}",
        *(f"FAULT: {fault}" for fault in findings.faults[:10]),
    ]
    sys.stdout.write("\n".join(report) + "\n")
    return 1 if findings.faults else 0


if __name__ == "__main__":
    sys.exit(main())
