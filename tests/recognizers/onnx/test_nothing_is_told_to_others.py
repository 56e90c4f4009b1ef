"""onnxruntime would report to its makers how it is used: it must not even begin to."""

import os
import subprocess
import sys


def test_onnxruntime_keeps_no_record_of_its_use(tmp_path):
    places = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", "import crossfade.recognizers.onnx"],
        env={**os.environ, **places, "ORT_DISABLE_TELEMETRY": "0"},
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
