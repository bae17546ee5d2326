"""Every command that README.md shows is run, in its order, in a town on loopback; those for root are looked at."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.demo.script import Script
from bot.demo.town import Town

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text("utf-8")
PAGES = sorted([REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *(REPOSITORY / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(?P<kind>[^\n]+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LARGEST_PICTURE = 300_000
YOU = "pat-clerk"
COMMENTS = (
    "Earn $900 a day from home, no experience, click here to start >> https://bit.ly/beadle-demo-no-such-link-2",
    "My card is 4111 1111 1111 1111, just take the parking fee.",
    "Bad credit? Get $10,000 CASH LOAN approved in 5 minutes, no credit check >> https://bit.ly/no-such-link-1",
    "Driveway plowing from $45, free estimates! Call Gary 203-555-0142 or book at https://garysplowing.example",
    "Thank you for plowing Elm Street before seven!",
)


@dataclass
class Clerk:
    """Follows README.md to the letter: a folder that stands for the clone, a shell, and what it remembers."""

    folder: Path
    town: Town
    environment: dict[str, str]
    said: dict[str, str] = field(default_factory=dict)
    cases: list[str] = field(default_factory=list)

    def types(self, line: str) -> str:
        """Run one line; variables that it sets are there for the next. Returns what it printed."""
        kept = self.folder / "environment"
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", f"{self._filled_in(line)}\nenv -0 > {kept}"],
            cwd=self.folder,
            env=self.environment,
            input=self._answers() if line.startswith("beadle init") else "",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        self.environment = dict(pair.split("=", 1) for pair in kept.read_text().split("\0") if pair)
        self.said[line] = done.stdout + done.stderr
        return self.said[line]

    def set_up_page(self) -> None:
        """Fill in the two files as README says, with the addresses of the town for those of the real world."""
        env, pages = self.folder / "city" / "beadle.env", self.folder / "city" / "pages.yaml"
        found = env.read_text()
        found = found.replace("CLINTON_CITY_TOKEN=", f"CLINTON_CITY_TOKEN={self.town.page_token}")
        for name, value in self.town.environment().items():
            if name.startswith("BEADLE_"):
                found += f"{name}={shlex.quote(value)}\n"
        env.write_text(found)
        pages.write_text(
            pages.read_text().replace("    poll_every: 1m", f"    poll_every: 1s\n    base_url: {self.town.graph_url}")
        )

    def set_mode(self, before: str, after: str) -> None:
        """Change a line of pages.yaml."""
        pages = self.folder / "city" / "pages.yaml"
        assert before in pages.read_text()
        pages.write_text(pages.read_text().replace(before, after, 1))

    def learn(self) -> None:
        """Uncomment training and acknowledgement in people.yaml, with the version in force."""
        people = self.folder / "city" / "people.yaml"
        found = people.read_text().replace("    # training:", "    training:")
        found = found.replace("    # acknowledged:", "    acknowledged:").replace("as its file says", "2024-01")
        people.write_text(found)

    @contextmanager
    def lets_it_run(self) -> Iterator[None]:
        """`beadle run` beside what is typed, as the service of step 8 is."""
        with (self.folder / "daemon.log").open("wb") as log:
            daemon = subprocess.Popen(
                ["beadle", "run"],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
            try:
                self._wait_for(b"on duty")
                yield
            finally:
                daemon.terminate()
                status = daemon.wait(timeout=30)
        assert status == 0, (self.folder / "daemon.log").read_text()[-2000:]

    def _wait_for(self, words: bytes) -> None:
        until = time.monotonic() + 60
        while words not in (self.folder / "daemon.log").read_bytes():
            assert time.monotonic() < until, (self.folder / "daemon.log").read_text()[-2000:]
            time.sleep(0.1)

    def _filled_in(self, line: str) -> str:
        return re.sub(r"\bYOU\b", YOU, re.sub(r"\bCASE\b", lambda _: self._case_for(line), line))

    def _case_for(self, line: str) -> str:
        """Each kind of decision on a case of its own; what is restored is what was hidden."""
        order = {"keep": 0, "hide": 1, "restore": 1, "approve": 2, "remove": 3}
        return self.cases[order.get(line.split()[1], 0)]

    def _answers(self) -> str:
        answers = ["Clinton City", "", "clinton-city", self.town.policy_url, "", "", self.town.page_id, "", ""]
        return "\n".join([*answers, "Pat Clerk", "pat@clinton.example", "", "", YOU, ""])


@pytest.fixture
def clerk(tmp_path: Path) -> Iterator[Clerk]:
    """A clerk in a fresh clone, set up, with the town to look after."""
    folder = tmp_path / "clone"
    folder.mkdir()
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "config").symlink_to(REPOSITORY / "config")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "LANG": "C.UTF-8"}
    passed_on = {name: os.environ[name] for name in ("PLAYWRIGHT_BROWSERS_PATH",) if name in os.environ}
    with Town(Script.empty(), tmp_path / "town") as town:
        yield Clerk(folder, town, environment | passed_on)


def test_every_command_of_the_readme_does_what_is_said_of_it(clerk: Clerk) -> None:
    """A clerk who types every line in its order gets from nothing to a hidden comment, and back."""
    lines = iter(_lines("sh"))
    _types_until(clerk, lines, "beadle demo")
    _types_until(clerk, lines, "beadle init")
    clerk.set_up_page()
    _types_until(clerk, lines, "beadle doctor")
    for text in COMMENTS:
        clerk.town.say(text, by=f"Visitor {len(text)}")
    _types_until(clerk, lines, "beadle cases")
    clerk.cases = re.findall(r"^(fa-\S+)", clerk.said["beadle cases"], re.MULTILINE)
    _types_until(clerk, lines, "beadle show")
    before_any_act = list(clerk.town.wall.journal)
    clerk.set_mode("mode: observe", "mode: assist")
    clerk.learn()
    with clerk.lets_it_run():
        _types_until(clerk, lines, "beadle resume")
    _types_until(clerk, lines, None)
    clerk.set_mode("    mode: assist\n", _blocks("yaml")[0])

    assert before_any_act == []
    assert [write.verb for write in clerk.town.wall.journal] == ["hide", "unhide", "hide"]
    assert "Kept by pat-clerk." in _said(clerk, "beadle keep")
    assert "somebody else runs" in _said(clerk, "beadle remove")
    assert "Everything is as it was sealed." in _said(clerk, "beadle verify")
    assert "in enforce" in clerk.types("beadle doctor")


def test_the_two_commands_are_targets_that_do_what_the_readme_says() -> None:
    """`make demo` ends in the demo and `make test` in the checks; what they run is run by the other tests."""
    wanted = {"make demo": ".venv/bin/beadle demo", "make test": ".ci/checks.py"}

    shown = {line: _output([*line.split(), "--dry-run"]) for line in _lines("sh make")}

    assert shown.keys() == wanted.keys()
    assert [line for line, command in wanted.items() if command not in shown[line]] == []


def test_what_root_types_names_programs_options_and_files_that_there_are() -> None:
    """The lines for root aren't run, but a wrong option, a missing file or a path unlike the service's is found."""
    lines = [shlex.split(line) for line in _lines("sh operator")]
    unit = (REPOSITORY / "docs" / "running" / "beadle.service").read_text("utf-8")

    unknown = [(words[0], option) for words in lines for option in _unknown_options(words)]
    places = {word for words in lines for word in words if word.startswith(("/opt/", "/etc/beadle", "/var/"))}
    copied = [words[1] for words in lines if words[:1] == ["cp"] and words[1] != "-r"]

    assert unknown == []
    assert [place for place in places if place not in unit] == []
    assert [file for file in copied if not (REPOSITORY / file).is_file()] == []
    assert "setup" in _targets()


def test_the_benchmark_is_started_by_the_command_that_its_page_shows() -> None:
    """The page of figures is written anew by the one command on it, between marks that it finds there."""
    page = (REPOSITORY / "docs" / "benchmarks.md").read_text("utf-8")
    script = (REPOSITORY / "benchmarks" / "route.py").read_text("utf-8")
    (words,) = [shlex.split(match["text"]) for match in BLOCK.finditer(page)]

    said = _output([sys.executable, words[1], "--help"])

    assert [word for word in words[2:] if word.startswith("--") and word not in said] == []
    assert all(mark in page for mark in re.findall(r"<!-- [^>]+ -->", script))


def test_every_command_of_the_readme_is_of_a_kind_that_is_tested() -> None:
    """A block of another kind would be shown and never tried."""
    kinds = {match["kind"] for match in BLOCK.finditer(README)}

    assert kinds == {"sh", "sh make", "sh operator", "yaml"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """A link to a file of the repository leads to a file that is there."""
    text = page.read_text("utf-8")
    linked = [*re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", text), *re.findall(r'src="([^"]+)"', text)]

    missing = [link for link in linked if "://" not in link and not (page.parent / link).exists()]

    assert missing == []


@pytest.mark.parametrize("picture", re.findall(r'src="([^"]+)"', README))
def test_every_picture_is_a_small_png(picture: str) -> None:
    """Whoever clones the repository carries the pictures for ever, so each is under 300 kB."""
    content = (REPOSITORY / picture).read_bytes()

    assert content.startswith(b"\x89PNG\r\n")
    assert len(content) < LARGEST_PICTURE


def _types_until(clerk: Clerk, lines: Iterator[str], last: str | None) -> None:
    for line in lines:
        clerk.types(line)
        if last is not None and line.startswith(last):
            return
    assert last is None, f"README.md shows no line any more that begins with {last}"


def _said(clerk: Clerk, beginning: str) -> str:
    return next(said for line, said in clerk.said.items() if line.startswith(beginning))


def _blocks(kind: str) -> list[str]:
    return [match["text"] for match in BLOCK.finditer(README) if match["kind"] == kind]


def _lines(kind: str) -> list[str]:
    return [line for block in _blocks(kind) for line in block.splitlines() if line.strip()]


def _output(command: list[str]) -> str:
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True).stdout


def _unknown_options(words: list[str]) -> list[str]:
    """Long options that the program's own help does not know; a program that isn't on this machine is passed over."""
    if shutil.which(words[0]) is None:
        return []
    done = subprocess.run([words[0], "--help"], capture_output=True, text=True, timeout=20, check=False)
    return [word for word in words[1:] if word.startswith("--") and word not in done.stdout + done.stderr]


def _targets() -> list[str]:
    return re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE)
