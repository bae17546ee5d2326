"""Reading a package in one pass: every byte of the file is accounted for, whatever the file is."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.evidence.canonical import sha256
from bot.evidence.proof.fixity import in_parallel, read_package
from tests.evidence.proof.scene import Scene


def test_the_digests_of_the_zip_and_of_its_members_are_found_in_one_pass(untouched: Scene) -> None:
    """They are those that hashing the file, and each member taken out of it, gives."""
    path = untouched.packages()[0]
    found = read_package(path)

    with zipfile.ZipFile(path) as archive:
        members = {each.filename.partition("/")[2]: sha256(archive.read(each)) for each in archive.infolist()}
    assert found.faults == ()
    assert (found.sha256, found.size) == (sha256(path.read_bytes()), path.stat().st_size)
    assert dict(found.members) == members
    assert found.record["package_id"] == path.stem


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_changed_byte_goes_unseen(untouched: Scene, tmp_path: Path, data: st.DataObject) -> None:
    """Wherever one bit of a package is flipped, in content, header or directory, it is a fault even without a log.

    But for the few bytes of the directory that say nothing of the content: by which system, and with which rights.
    """
    sound = untouched.packages()[0].read_bytes()
    position = data.draw(st.integers(0, len(sound) - 1))
    path = tmp_path / untouched.packages()[0].name
    path.write_bytes(
        sound[:position] + bytes([sound[position] ^ 1 << data.draw(st.integers(0, 7))]) + sound[position + 1 :]
    )

    found = read_package(path)
    assert found.sha256 == sha256(path.read_bytes())
    assert found.faults or position in _says_nothing(sound)


def _says_nothing(data: bytes) -> set[int]:
    """Version and system that made it, internal and external attributes, of each entry of the directory."""
    at, positions = data.index(b"PK\x01\x02"), set()
    while data[at : at + 4] == b"PK\x01\x02":
        positions |= {at + 4, at + 5, *range(at + 34, at + 42)}
        at += 46 + sum(struct.unpack_from("<3H", data, at + 28))
    return positions


def _prefixed(data: bytes) -> bytes:
    return b"#!/bin/sh\n" + data


def _commented(data: bytes) -> bytes:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        archive.comment = b"hello"
    return out.getvalue()


def _with_gap(data: bytes) -> bytes:
    """Bytes between the last member and the directory, which then says where it really begins."""
    start = data.index(b"PK\x01\x02")
    end = bytearray(data[start:])
    struct.pack_into("<L", end, len(end) - 6, start + 8)
    return data[:start] + b"smuggled" + bytes(end)


def _many(data: bytes) -> bytes:
    """A directory that says it has more members than it has."""
    end = bytearray(data)
    struct.pack_into("<2H", end, len(end) - 14, 60_000, 60_000)
    return bytes(end)


@pytest.mark.parametrize("change", [_prefixed, _commented, _with_gap, _many, lambda _: b"", lambda data: data[:-1]])
def test_a_zip_that_we_would_not_have_written_is_said_to_be_one(
    untouched: Scene, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    """A common reader takes most of these; here nothing may stand before, between or after."""
    path = tmp_path / untouched.packages()[0].name
    path.write_bytes(change(untouched.packages()[0].read_bytes()))
    found = read_package(path)

    assert [fault.kind for fault in found.faults] == ["altered"]
    assert found.sha256 == sha256(path.read_bytes())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=3_000))
def test_any_bytes_at_all_are_read_without_harm(tmp_path: Path, data: bytes) -> None:
    """Whatever lies under the name of a package gives a fault and no exception."""
    path = tmp_path / "ev-20261120T000000Z-aaaaaaaaaaaaa.zip"
    path.write_bytes(data)

    assert read_package(path).faults


def test_a_link_is_not_followed(untouched: Scene, tmp_path: Path) -> None:
    """It could lead to any file of the machine."""
    path = tmp_path / untouched.packages()[0].name
    path.symlink_to(untouched.packages()[0])

    with pytest.raises(OSError, match="symbolic"):
        read_package(path)


def test_two_are_read_at_once_and_answered_in_order() -> None:
    """A report lists things in the order of the log, whichever was read first."""
    assert list(in_parallel(lambda number: number * 2, range(1_000))) == list(range(0, 2_000, 2))
