"""What the record says of this machine is read from it, and from nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bot import machine

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def checkout(root: Path, head: str) -> Path:
    """A folder that looks like a checkout."""
    (root / ".git" / "refs" / "heads").mkdir(parents=True)
    (root / ".git" / "HEAD").write_text(head)
    return root


def test_the_commit_is_read_from_the_branch_that_is_checked_out(tmp_path: Path) -> None:
    """Without running git: it may not be there, and it would run what a repository tells it to."""
    root = checkout(tmp_path, "ref: refs/heads/main\n")
    (root / ".git" / "refs" / "heads" / "main").write_text(f"{COMMIT}\n")

    assert machine.commit_of(root) == COMMIT


def test_the_commit_is_found_in_the_list_of_packed_branches(tmp_path: Path) -> None:
    """Where git has tidied up."""
    root = checkout(tmp_path, "ref: refs/heads/main\n")
    (root / ".git" / "packed-refs").write_text(
        f"# pack-refs\n{'f' * 40} refs/heads/not-main\n{COMMIT} refs/heads/main\n"
    )

    assert machine.commit_of(root) == COMMIT


def test_the_commit_is_found_from_a_worktree(tmp_path: Path) -> None:
    """There ``.git`` is a file, and the branches lie with the main checkout."""
    root = checkout(tmp_path / "main", f"{'f' * 40}\n")
    (root / ".git" / "refs" / "heads" / "side").write_text(COMMIT)
    folder = root / ".git" / "worktrees" / "side"
    folder.mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/side\n")
    (folder / "commondir").write_text("../..\n")
    (tmp_path / "side").mkdir()
    (tmp_path / "side" / ".git").write_text(f"gitdir: {folder}\n")

    assert machine.commit_of(tmp_path / "side") == COMMIT


@pytest.mark.parametrize("head", ["", "ref: refs/heads/none\n", "ref: ../../../etc/passwd\n", "\x00\xff", "main\n"])
def test_what_is_no_commit_is_none(tmp_path: Path, head: str) -> None:
    """An empty, broken or hostile HEAD gives no commit, and no error."""
    assert machine.commit_of(checkout(tmp_path, head)) is None
    assert machine.commit_of(tmp_path / "nowhere") is None


def test_the_commit_is_the_one_that_git_names() -> None:
    """Of the checkout that the tests run in, where it is one."""
    root = Path(__file__).parents[1]
    if not (root / ".git").exists():
        assert machine.commit_of(root) is None
        return
    told = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True)

    assert machine.commit_of(root) == told.stdout.strip()


def test_the_digest_of_the_configuration_moves_with_what_is_judged_by(tmp_path: Path) -> None:
    """A changed policy, page or word list changes it; a name does, too; what lies beside them does not."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "pages.yaml").write_text("pages: []\n")
    (tmp_path / "policies" / "a.yaml").write_text("slug: a\n")
    found = [machine.config_digest(tmp_path)]
    for path, words in (("people.yaml", "people: []"), ("policies/a.yaml", "slug: b"), ("policies/b.yaml", "slug: b")):
        (tmp_path / path).write_text(words)
        found.append(machine.config_digest(tmp_path))

    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_the_clock_says_how_it_is_kept_or_why_that_is_not_known() -> None:
    """adjtimex(2), asked and not changed; the platform's skew is passed on."""
    clock = machine.this_clock(0.4)

    assert clock.skew_s == 0.4
    assert (clock.why_not is None) is (clock.synchronised is not None)
    if clock.synchronised is not None:
        assert clock.maximum_error_ms is not None
        assert clock.maximum_error_ms >= 0


def test_a_system_that_does_not_tell_is_on_record_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is made up where the kernel can't be asked."""
    monkeypatch.setattr(machine, "_timex", lambda: None)
    clock = machine.this_clock(None)

    assert (clock.synchronised, clock.offset_ms, clock.maximum_error_ms) == (None, None, None)
    assert clock.why_not


@pytest.mark.parametrize(
    ("status", "synchronised", "offset"), [(0x2000, True, 1.5), (0x2040, False, 1.5), (0, True, 1500.0)]
)
def test_the_kernels_answer_is_read_in_its_own_units(
    monkeypatch: pytest.MonkeyPatch, status: int, synchronised: bool, offset: float
) -> None:
    """The offset counts nanoseconds or microseconds, as a bit of the status says; another says "not kept"."""
    state = machine._Timex()
    state.status, state.offset, state.esterror, state.maxerror = status, 1_500_000, 250, 4_000
    monkeypatch.setattr(machine, "_timex", lambda: state)
    clock = machine.this_clock(None)

    assert (clock.synchronised, clock.offset_ms) == (synchronised, offset)
    assert (clock.estimated_error_ms, clock.maximum_error_ms) == (0.25, 4.0)


def test_the_software_names_its_libraries_and_its_configuration() -> None:
    """Enough to set up the same again."""
    found = machine.this_software("Chromium 1", Path(__file__).parents[1] / "config")

    assert found.libraries_source == "requirements.lock"
    assert found.libraries_sha256 is not None
    assert len(found.libraries_sha256) == 64
    assert found.config_sha256 is not None
    assert machine.this_software(None).config_sha256 is None
