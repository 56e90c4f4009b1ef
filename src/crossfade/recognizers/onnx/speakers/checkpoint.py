"""Reads a network's trained numbers out of a PyTorch file, without PyTorch.

The file is of the kind that ``torch.save`` wrote before version 1.6: five pickles (a magic number,
a version, the byte order, the object, the keys of its storages), then each storage as a count and
its raw numbers. A pickle can name any function to be called; this reader knows three names and
refuses all others, so a file can do no more than describe arrays.
"""

import math
import pickle
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from crossfade.errors import ModelError

Tensors = Mapping[str, NDArray[np.float32]]
"""Arrays by the name that the network's author gave them."""

_MAGIC = 0x1950A86A20F9469CFC6C
_FLOAT_STORAGE = "FloatStorage"


@dataclass(frozen=True, slots=True)
class _Tensor:
    """An array whose numbers come later in the file."""

    storage: str
    offset: int
    shape: tuple[int, ...]

    def cut(self, storage: NDArray[np.float32]) -> NDArray[np.float32]:
        return storage[self.offset :][: math.prod(self.shape)].reshape(self.shape)


def read_checkpoint(path: Path) -> Tensors:
    """Read the arrays below ``model_state``.

    Raises:
        ModelError: If the file is of another kind, or asks for anything but arrays.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except (pickle.UnpicklingError, ArithmeticError, EOFError, LookupError) as exc:
        raise ModelError(f"{path.name} is not the file that was expected") from exc
    except (AttributeError, TypeError, ValueError) as exc:
        raise ModelError(f"{path.name} is not the file that was expected") from exc


def _read(file: IO[bytes]) -> Tensors:
    magic, _version, _system, checkpoint, keys = (_Unpickler(file).load() for _ in range(5))
    if magic != _MAGIC:
        raise pickle.UnpicklingError("not a PyTorch file")
    storages = {key: _read_storage(file) for key in keys}
    state = checkpoint["model_state"]
    return {name: tensor.cut(storages[tensor.storage]) for name, tensor in state.items()}


def _read_storage(file: IO[bytes]) -> NDArray[np.float32]:
    n_floats = int.from_bytes(file.read(8), "little")
    return np.frombuffer(file.read(n_floats * 4), "<f4", n_floats).astype(np.float32)


class _Unpickler(pickle.Unpickler):
    """Calls nothing but what describes arrays of floats."""

    def find_class(self, module: str, name: str) -> Any:
        """Look a name up; there are three."""
        try:
            return _NAMES[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} has no business here") from None

    def persistent_load(self, pid: Any) -> str:
        """Take a reference to a storage; gives the storage's key."""
        kind, storage_type, key, *_ = pid
        if kind != "storage" or storage_type != _FLOAT_STORAGE:
            raise pickle.UnpicklingError("not a storage of floats")
        return str(key)


def _rebuild(
    storage: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _Tensor:
    """Stand in for ``torch._utils._rebuild_tensor_v2``."""
    if strides != tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape))):
        raise pickle.UnpicklingError("an array does not lie in one piece")
    return _Tensor(storage, offset, shape)


_NAMES: Mapping[tuple[str, str], Callable[..., object] | str] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch", _FLOAT_STORAGE): _FLOAT_STORAGE,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
}
