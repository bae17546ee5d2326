"""The habits of the house as tests: what every file says, and what none may say."""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parent.parent

# A place on one developer's machine, and an index that a city's mirror stands in for.
MACHINE_PATHS = re.compile(re.escape(str(REPOSITORY)) + r"\b|/(?:home|Users)/[a-z]\w*/|/tmp/[a-z]+/")
INDEXES = (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("jfrog", "io"), ("pkg", "dev"))
REGISTRIES = re.compile(r"\b(?:" + "|".join(name + r"\." + end for name, end in INDEXES) + r")\b")
REQUIREMENT = re.compile(r"\b(?:EV|FA|FOI|RET)-\d\d\b")
PICTURES = (".png", ".jpg", ".ico", ".pdf", ".gz", ".zip", ".woff2", ".npz")


def test_every_module_says_what_it_is_for() -> None:
    """The first line of every module is a sentence about it."""
    silent = [file for file in _product() if _text(file).strip() and not ast.get_docstring(_tree(file))]

    assert silent == []


def test_every_public_class_says_what_it_is() -> None:
    """Types are the first documentation: each says in a docstring what it stands for."""
    silent = [
        f"{file}:{node.lineno} {node.name}"
        for file in _product()
        for node in _tree(file).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]

    assert silent == []


def test_every_test_states_a_behaviour() -> None:
    """A test's name is a sentence of four words or more, and its docstring states the behaviour."""
    mute = [
        f"{file}:{test.lineno} {test.name}"
        for file in _files(".py")
        if Path(file).name.startswith("test_")
        for test in _tests(_tree(file))
        if not ast.get_docstring(test) or len(test.name.split("_")) < 4
    ]

    assert mute == []


@pytest.mark.parametrize("what", [MACHINE_PATHS, REGISTRIES], ids=["a machine's path", "a package index"])
def test_no_file_names_a_place_of_its_making(what: re.Pattern[str]) -> None:
    """A stranger's machine has neither our folders nor our package index."""
    named = [
        f"{file}:{number}: {line.strip()[:80]}"
        for file in _files()
        if not file.endswith(PICTURES)
        for number, line in enumerate(_text(file).splitlines(), start=1)
        if what.search(line)
    ]

    assert named == []


def test_every_requirement_that_is_named_is_explained() -> None:
    """A code such as EV-20 says nothing by itself: its row in docs/requirements.md does."""
    page = (REPOSITORY / "docs" / "requirements.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| ([A-Z]{2,3}-\d\d) \|", page, re.M))
    named = {code for file in _files() if file.endswith((".py", ".md")) for code in REQUIREMENT.findall(_text(file))}

    assert named - explained == set()


def test_every_dependency_has_its_reason_written_down() -> None:
    """No library comes in without a line in the decision on libraries, and no line outlives its library."""
    reasons = set(re.findall(r"^\| ([\w.-]+) \|", _text("docs/decisions/0001-libraries.md"), re.MULTILINE))

    assert reasons - {"library"} == {requirement.name for requirement in _requirements()}


def test_the_lock_holds_every_dependency_at_an_allowed_version() -> None:
    """``requirements.lock`` is as new as ``pyproject.toml``; if it isn't, ``make lock`` writes it anew."""
    locked = dict(re.findall(r"^([\w.-]+)==([^\s;\\]+)", _text("requirements.lock"), re.MULTILINE))

    for requirement in _requirements():
        version = locked.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not in requirements.lock: run make lock"
        assert requirement.specifier.contains(version), f"{requirement} is locked at {version}: run make lock"


@pytest.mark.parametrize("lock", ["requirements.lock", ".ci/tools.lock"])
def test_every_locked_package_carries_a_hash(lock: str) -> None:
    """Nothing is installed that can't be checked, and the lock doesn't say where it was made."""
    entries = re.split(r"\n(?=[a-z0-9])", _text(lock).strip(), flags=re.IGNORECASE)

    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in _text(lock)


def test_the_service_leaves_the_browser_its_sandbox() -> None:
    """The systemd unit is hardened but for the three switches that would break Chromium's sandbox."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(_text("docs/running/beadle.service"))
    service = unit["Service"]

    assert not {"RestrictNamespaces", "MemoryDenyWriteExecute", "PrivateUsers"} & service.keys()
    assert service["ProtectSystem"] == "strict"
    assert service["Restart"] == "on-failure"


@cache
def _files(suffix: str = "") -> list[str]:
    """Every file of the repository, also one that is new, but none that git ignores."""
    command = ["git", "-c", f"safe.directory={REPOSITORY}", "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted(file for file in set(listed) if file.endswith(suffix) and (REPOSITORY / file).is_file())


def _product() -> list[str]:
    return [file for file in _files(".py") if file.startswith(("bot/", "connectors/"))]


def _text(file: str) -> str:
    return (REPOSITORY / file).read_text(encoding="utf-8")


@cache
def _tree(file: str) -> ast.Module:
    return ast.parse(_text(file))


def _tests(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node


def _requirements() -> list[Requirement]:
    project: dict[str, Any] = tomllib.loads(_text("pyproject.toml"))
    extras = project["project"]["optional-dependencies"].values()
    groups = project["dependency-groups"].values()
    return [Requirement(line) for lines in [project["project"]["dependencies"], *extras, *groups] for line in lines]
