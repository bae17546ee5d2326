"""The weights file: plain arrays in a zip, nothing that runs, the same bytes for the same numbers."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.errors import PolicyError

_LARGEST = 64 * 1024 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write the arrays, in the order of their names, with the zip's clock at its beginning."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(arrays):
            buffer = io.BytesIO()
            np.save(buffer, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), buffer.getvalue(), zipfile.ZIP_DEFLATED)


def read(path: Path) -> tuple[dict[str, NDArray[Any]], str]:
    """The arrays and the file's SHA-256. Raises ``PolicyError`` for a file that is missing or damaged."""
    try:
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
                raise ValueError("too large")
            arrays = {name.removesuffix(".npy"): _array(archive.read(name)) for name in archive.namelist()}
    except (OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
        raise _refusal(path) from error
    return arrays, hashlib.sha256(content).hexdigest()


def _array(content: bytes) -> NDArray[Any]:
    array: NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
    return array


def _refusal(path: Path) -> PolicyError:
    return PolicyError(f"{path} is missing or damaged; restore it, or make it anew: python -m bot.moderation.train.")
