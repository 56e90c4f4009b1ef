"""Record the wire transcripts of the official clients anew.

    python tests/transcripts/record.py [DIALECT...]

Streams one carried recording through each client, at the speed of speech, to a server in this
process, and writes ``recorded_<client>.jsonl`` beside the composed ones.
"""

import asyncio
import sys
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import corpus  # noqa: E402 (tests/ is on the path only now)
from crossfade.dialects import DIALECTS  # noqa: E402
from crossfade.recognizers.onnx import EmbeddedRecognizer  # noqa: E402
from crossfade.server.keys import Keyring  # noqa: E402
from crossfade.server.run import Server, ServerConfig  # noqa: E402
from crossfade.testing.record import Recorder  # noqa: E402
from official_clients import agent_stt_hears, assemblyai_hears, speechmatics_hears  # noqa: E402

KEY = "key-of-the-recording"
CLIENTS = {
    "speechmatics": ("speechmatics-rt", speechmatics_hears),
    "assemblyai": ("assemblyai", assemblyai_hears),
    "agent-stt": ("speechmatics-agent-stt", agent_stt_hears),
}


async def record(name: str) -> None:
    package, hears = CLIENTS[name]
    dialect = next(d for d in DIALECTS if d.name == name)
    entry = next(r for r in corpus.load(corpus.CARRIED) if r.id == "ls-61-70968-0000")
    recorder = Recorder(
        about=f"recorded on {date.today()} from {package} {version(package)}, unmodified, "
        f"streaming {entry.id} in real time",
        volatile={"orchestrator_version"},
    )
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        server = Server(
            ServerConfig(data_dir=data_dir, port=0),
            EmbeddedRecognizer(),
            Keyring(data_dir / "keys.json", run_keys=[KEY]),
            dialects=[recorder.dialect(dialect)],
        )
        await server.start()
        heard = await hears(server.url, KEY, entry.samples())
        await server.aclose()
    recorder.write(HERE / name / f"recorded_{package.replace('-', '_')}.jsonl")
    print(f"{name}: {heard.text}")  # noqa: T201 (a script's output)


async def main() -> None:
    for name in sys.argv[1:] or CLIENTS:
        await record(name)


if __name__ == "__main__":
    asyncio.run(main())
