"""Set-up on a stranger's machine: what it says when something is missing, and that it does nothing twice."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SET_UP = REPOSITORY / ".ci"


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Set-up's own modules, which stand outside every package."""
    monkeypatch.syspath_prepend(str(SET_UP))
    yield importlib.import_module("steps")
    for name in ("steps", "browser", "setup"):
        sys.modules.pop(name, None)


@pytest.fixture
def set_up(steps: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """``setup.py`` with a clone of its own: two locks and a ``.venv`` in which everything is in place."""
    module = importlib.import_module("setup")
    bin_folder = tmp_path / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    for name in ("requirements.lock", "beadle"):
        (tmp_path / name).write_text("as it was")
    monkeypatch.setattr(module, "REPOSITORY", tmp_path)
    monkeypatch.setattr(module, "BEADLE", tmp_path / "beadle")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "set-up-is-done")
    monkeypatch.setattr(module, "DECIDES", (tmp_path / "requirements.lock",))
    monkeypatch.setattr(module, "_set_up", lambda steps: steps.say("worked"))
    module.STAMP.write_text(module._fingerprint())
    return module


@pytest.mark.parametrize(
    ("printed", "remedy"),
    [
        (
            "SSLError(SSLCertVerificationError(1, 'certificate verify failed: unable to get local issuer'))",
            "add its CA",
        ),
        ("error: client error: invalid peer certificate: UnknownIssuer", "add its CA"),
        ("Could not handshake: Certificate verification failed", "add its CA"),
        ("Temporary failure in name resolution", "The network could not be reached"),
        ("Error: getaddrinfo ENOTFOUND cdn.example", "The network could not be reached"),
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "not the one that was locked"),
    ],
)
def test_a_failed_command_says_what_to_do(steps: ModuleType, printed: str, remedy: str) -> None:
    """A certificate is called a certificate, a network a network, whichever tool tripped over it."""
    with pytest.raises(steps.Failed) as failure:
        steps.Steps({}).run(sys.executable, "-c", f"raise SystemExit({printed!r})")

    assert remedy in failure.value.why


def test_a_failure_nobody_foresaw_shows_the_end_of_the_output(steps: ModuleType) -> None:
    """What we can't explain is shown, in its last lines, without the retries before it."""
    program = "print('Retrying (1)'); print('Retrying (2)'); raise SystemExit('the moon is in the way')"

    with pytest.raises(steps.Failed) as failure:
        steps.Steps({}).run(sys.executable, "-c", program)

    assert failure.value.why == ""
    assert failure.value.output == "the moon is in the way"


def test_a_command_that_is_not_there_fails_like_any_other(steps: ModuleType) -> None:
    """A missing program is a failure of its step, not a traceback."""
    with pytest.raises(steps.Failed, match="no-such-program"):
        steps.Steps({}).run("no-such-program", "--version")


def test_a_finished_set_up_does_nothing_and_says_nothing(
    set_up: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make demo` a second time starts at once."""
    assert set_up.main([]) == 0

    assert capsys.readouterr().out == ""


def test_a_changed_lock_is_installed_again(set_up: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """After `git pull` brought other packages, set-up works again."""
    (set_up.REPOSITORY / "requirements.lock").write_text("another")

    assert set_up.main([]) == 0

    assert "worked" in capsys.readouterr().out


def test_a_moved_clone_is_set_up_again(
    set_up: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A venv holds absolute paths: a clone that moved gets a new one."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(set_up, "REPOSITORY", tmp_path / "elsewhere")

    assert set_up.main([]) == 0

    assert "worked" in capsys.readouterr().out


def test_make_browser_looks_again_although_all_is_done(set_up: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever installed a browser later can say so."""
    assert set_up.main(["--browser"]) == 0

    assert "worked" in capsys.readouterr().out


def test_what_stops_set_up_is_one_sentence_and_an_exit_code(
    set_up: ModuleType, steps: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person reads why it stopped and `make` stops with it."""

    def stop(_: object) -> None:
        raise steps.Stopped("This Python can't make a venv.")

    monkeypatch.setattr(set_up, "_set_up", stop)

    assert set_up.main(["--browser"]) == 1

    assert capsys.readouterr().out.endswith("This Python can't make a venv.\n")


def test_the_users_own_settings_win_over_ours(
    set_up: ModuleType, steps: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate file or a mirror that the user names is never replaced by the system's."""
    monkeypatch.setattr(set_up, "PYTHON", Path(sys.executable))
    mine = {"PIP_CERT": "/mine.pem", "UV_DEFAULT_INDEX": "https://mirror.example/simple", "UV_SYSTEM_CERTS": "0"}

    settings = set_up._network_settings(steps.Steps({**mine, "PIP_INDEX_URL": "https://other.example/simple"}))

    assert settings.keys().isdisjoint(mine)


def test_uv_is_told_the_mirror_that_pip_knows(
    set_up: ModuleType, steps: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uv doesn't read pip's settings, so a mirror taught to pip alone would be passed by."""
    monkeypatch.setattr(set_up, "PYTHON", Path(sys.executable))

    settings = set_up._network_settings(steps.Steps({"PIP_INDEX_URL": "https://mirror.example/simple"}))

    assert settings["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert settings["UV_SYSTEM_CERTS"] == "1"


def test_a_python_that_is_too_old_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """The first line of set-up asks for Python 3.11 and says so when there is none."""
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)

    done = subprocess.run(
        [SET_UP / "setup"], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, timeout=30
    )

    assert done.returncode == 1
    assert done.stderr.startswith("setup  Python 3.11 or newer is needed")
    assert len(done.stderr.splitlines()) == 1
