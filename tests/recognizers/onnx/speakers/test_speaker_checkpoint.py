"""Arrays out of a PyTorch file, and nothing else."""

import os
import pickle
from collections import OrderedDict
from pathlib import Path
from types import FunctionType
from typing import Any, ClassVar

import numpy as np
import pytest

from crossfade.errors import ModelError
from crossfade.recognizers.onnx.speakers.checkpoint import read_checkpoint

MAGIC = 0x1950A86A20F9469CFC6C


class Storage:
    """Pickled as a reference, as PyTorch does it."""

    def __init__(self, key: str, n_floats: int) -> None:
        self.pid = ("storage", "FloatStorage", key, "cpu", n_floats, None)


class Call:
    """Pickled as the call of whatever is named."""

    def __init__(self, function: Any, *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Any, tuple[object, ...]]:
        return self.function, self.arguments


def _rebuild_tensor_v2(*_: object) -> None:
    """Only its name is written."""


class TorchPickler(pickle._Pickler):  # the one in Python: the other cannot be told names
    """Writes our stand-ins as if they were PyTorch's."""

    def persistent_id(self, thing: object) -> object:
        return thing.pid if isinstance(thing, Storage) else None

    def save_global(self, obj: Any, name: str | None = None) -> None:
        if obj is _rebuild_tensor_v2:
            self.write(b"ctorch._utils\n_rebuild_tensor_v2\n")
        else:
            super().save_global(obj, name)

    dispatch: ClassVar = {**pickle._Pickler.dispatch, FunctionType: save_global}


def write(path: Path, state: object, floats: np.ndarray, *, magic: int = MAGIC) -> Path:
    with path.open("wb") as file:
        for part in (magic, 1001, {"little_endian": True}, {"model_state": state}, ["7"]):
            TorchPickler(file, 2).dump(part)
        file.write(floats.size.to_bytes(8, "little"))
        file.write(floats.astype("<f4").tobytes())
    return path


def tensor(offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Call:
    storage = Storage("7", 10)
    return Call(_rebuild_tensor_v2, storage, offset, shape, strides, False, OrderedDict())


def test_arrays_are_cut_out_of_their_storage(tmp_path: Path) -> None:
    state = OrderedDict(matrix=tensor(1, (2, 3), (3, 1)), row=tensor(8, (2,), (1,)))
    read = read_checkpoint(write(tmp_path / "a.pt", state, np.arange(10)))
    assert read["matrix"].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert read["row"].tolist() == [8, 9]


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(Call(os.system, "exit"), id="a-shell"),
        pytest.param(Call(eval, "1"), id="any-expression"),
        pytest.param(Call(getattr, "", "join"), id="any-attribute"),
    ],
)
def test_a_file_that_wants_something_called_is_refused(tmp_path: Path, call: Call) -> None:
    path = write(tmp_path / "a.pt", {"x": call}, np.zeros(1))
    with pytest.raises(ModelError, match="not the file that was expected") as caught:
        read_checkpoint(path)
    assert "has no business here" in str(caught.value.__cause__)


def test_an_array_that_is_not_in_one_piece_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pt", {"turned": tensor(0, (2, 3), (1, 2))}, np.arange(10))
    with pytest.raises(ModelError):
        read_checkpoint(path)


def test_an_array_beyond_its_storage_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pt", {"long": tensor(8, (3,), (1,))}, np.arange(10))
    with pytest.raises(ModelError):
        read_checkpoint(path)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        read_checkpoint(write(tmp_path / "a.pt", {}, np.zeros(1), magic=1))
    for content in (b"", b"PK\x03\x04", b"\x80\x02.", b"no pickle"):
        (tmp_path / "b.pt").write_bytes(content)
        with pytest.raises(ModelError):
            read_checkpoint(tmp_path / "b.pt")


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.pt", {"row": tensor(0, (2,), (1,))}, np.arange(10)).read_bytes()
    for n_bytes in range(len(whole)):
        (tmp_path / "b.pt").write_bytes(whole[:n_bytes])
        with pytest.raises(ModelError):
            read_checkpoint(tmp_path / "b.pt")
