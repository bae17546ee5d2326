"""The page about checking without Beadle: its commands are run as they stand, on sound and on altered evidence."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.evidence.proof.report import EXIT, Report, plain
from tests.evidence.proof.scene import Scene, forged_signature

PAGE = Path(__file__).parents[3] / "docs" / "verify.md"
NEEDED = {
    "bagit.py": "the development packages (bagit)",
    "openssl": "openssl",
    "sha256sum": "coreutils",
    "unzip": "unzip",
    "warcio": "the packages of Beadle (warcio)",
}
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)


def test_this_machine_has_the_tools() -> None:
    """A tool that is missing is a failure that names it: no command of the page is skipped."""
    missing = [
        f"{tool}: install {package}" for tool, package in NEEDED.items() if shutil.which(tool, path=_path()) is None
    ]

    assert missing == []


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[-1][:40])
def test_the_commands_of_the_page_find_sound_evidence_sound(untouched: Scene, block: str) -> None:
    """Each block of commands, run by bash as it stands there, succeeds on evidence that nobody touched."""
    done = _run(untouched, block)

    assert done.returncode == 0, done.stdout + done.stderr


def _flip(scene: Scene) -> None:
    path = scene.packages()[0]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"%PDF-plain", b"%PDF-plaim", 1))


def _edit(scene: Scene) -> None:
    scene.entries.write_bytes(scene.entries.read_bytes().replace(b'"case-1"', b'"case-9"', 1))


def _forge(scene: Scene) -> None:
    scene.notes[-1].chmod(0o644)
    scene.notes[-1].write_bytes(forged_signature(scene.notes[-1].read_bytes()))


def _change_the_export(scene: Scene) -> None:
    path = scene.export / "data" / "log" / "checkpoint.note"
    path.write_bytes(forged_signature(path.read_bytes()))


ALTERED: dict[str, Callable[[Scene], None]] = {
    "python3 verify.py": _change_the_export,
    "bagit.py --validate --quiet .\nopenssl ts": _change_the_export,
    "unzip -q": _flip,
    "grep -F": _flip,
    "the chain holds": _edit,
    "pkeyutl": _forge,
    "the root fits": _edit,
    "ts -reply": _forge,
}


@pytest.mark.parametrize("words", ALTERED)
def test_the_commands_of_the_page_find_altered_evidence_altered(scene: Scene, words: str) -> None:
    """A command that can't fail would prove nothing: each block fails on evidence that was changed."""
    ALTERED[words](scene)

    assert _run(scene, _block(words)).returncode != 0


def test_every_block_has_its_counterproof() -> None:
    """No block of commands comes onto the page without evidence on which it must fail."""
    assert sorted(_block(words) for words in ALTERED) == sorted(BLOCKS)


def test_the_page_lists_the_fields_of_the_report_and_its_exit_codes() -> None:
    """What the JSON holds, and what each status means, stands on the page: all of it and nothing else."""
    text = PAGE.read_text("utf-8")
    fields = {name for row in re.findall(r"^\| (`[^|]+`) \|", _table(text, "| field |"), re.M) for name in _names(row)}
    codes = re.findall(r"^\| (\d+) \| `(\w+)`", text, re.M)

    assert fields == set(plain(Report()))
    expected = {"sound": 0, **{str(kind): code for kind, code in EXIT.items()}}
    assert {word: int(code) for code, word in codes} == expected


def _table(text: str, head: str) -> str:
    return text[text.index(head) :].partition("\n\n")[0]


def _names(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def _block(words: str) -> str:
    found = [block for block in BLOCKS if words in block]
    assert len(found) == 1, f"{words!r} stands in {len(found)} blocks"
    return str(found[0])


def _run(scene: Scene, block: str) -> subprocess.CompletedProcess[str]:
    where = {"ARCHIVE": str(scene.root), "EXPORT": str(scene.export), "KEPT": str(scene.kept)}
    environment = {**os.environ, **where, "ID": scene.packages()[0].stem, "PATH": _path()}
    command = ["bash", "-euo", "pipefail", "-c", block]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def _path() -> str:
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
