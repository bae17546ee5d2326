"""The inbox of a page that is read by hand."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.inbox import receive


def test_a_file_is_put_in_once_under_a_harmless_name(tmp_path: Path) -> None:
    """The same contents again are no second file; the name begins with their digest."""
    drawn = tmp_path / "Ex port; rm -rf $HOME.CSV"
    drawn.write_bytes(b"text,posted_at\n")
    twin = tmp_path / "Ex port; rm -rf $HOME.csv"
    twin.write_bytes(b"text,posted_at\n")
    inbox = tmp_path / "inbox" / "door"

    names = [*receive(inbox, [drawn]), *receive(inbox, [twin])]
    digest = hashlib.sha256(b"text,posted_at\n").hexdigest()[:16]

    assert names == [f"{digest}-Ex-port-rm-rf-HOME.csv"] * 2
    assert [path.name for path in inbox.iterdir()] == names[:1]
    assert (inbox / names[0]).read_bytes() == b"text,posted_at\n"
    assert not stat.S_IMODE(inbox.stat().st_mode) & stat.S_IRWXO


@pytest.mark.parametrize(("name", "why"), [("none.csv", "is not a file"), ("a.exe", "is no CSV, JSON or ZIP")])
def test_one_file_that_cannot_be_taken_leaves_all_of_them_out(tmp_path: Path, name: str, why: str) -> None:
    """Everything is looked at before the first is put in."""
    good = tmp_path / "good.csv"
    good.write_text("text\n")
    (tmp_path / "a.exe").write_text("MZ")

    with pytest.raises(ConfigError, match=why):
        list(receive(tmp_path / "inbox", [good, tmp_path / name]))
    assert not (tmp_path / "inbox").exists()
