"""The last words of the demo: what happened, whether every promise was kept, and where to look."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.demo.play import Played
from bot.demo.reckoning import Reckoning
from bot.errors import EvidenceError
from bot.evidence.proof.verify import verify_archive
from bot.evidence.store import Archive
from bot.ledger.fates import Fate

_LOOK = "look"
_SHOWN_TO_A_MAYOR = frozenset(
    {"lures", "money-offers", "repeated-links", "spam-hosts", "hidden-links", "hidden-offers", "advertising"}
)


def say_goodbye(out: Console, played: Played, found: Reckoning, *, is_day: bool) -> bool:
    """Print summary, promises and places. ``False`` when a promise was broken."""
    report = verify_archive(played.home.archive)
    out.print()
    out.print(_summary(played))
    out.print()
    kept = _promises(out, played, found, report.flaws == ())
    out.print()
    for name, place in _places(played, is_day):
        out.print(Text.assemble((f"  {name:<15}", "dim"), str(place)), soft_wrap=True)
    return kept


def _summary(played: Played) -> Table:
    figures = played.figures
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="bold")
    table.add_column()
    confirmed = figures.strikes_confirmed
    for count, what in (
        (played.polls, "polls of the page"),
        (figures.comments, f"comments kept, {figures.revisions} versions of their words judged"),
        (figures.clear, "versions left up, nothing found"),
        (figures.cases, "cases, each sealed as evidence before anything else"),
        (figures.hidden, "hidden under the page's signed list, or by a person"),
        (figures.waiting, f"left up and waiting for a person, {figures.urgent_waiting} of them urgent"),
        (figures.gone + figures.superseded, "gone or edited before anything was done"),
        (figures.strikes_provisional + confirmed, f"strikes, {confirmed} of them confirmed by a person"),
        (figures.alerts, "cases told of in Slack, alone or many in one message"),
        (figures.sealed, f"evidence packages, {figures.pictures} with a picture that shows the comment"),
    ):
        table.add_row(f"{count:,}", what)
    return table


def _promises(out: Console, played: Played, found: Reckoning, archive_holds: bool) -> bool:
    alerts, cases = played.figures.alerts, played.figures.cases - played.figures.superseded
    checks = [
        (not found.acts_unproven, f"{found.acts} acts on the platform, every one with verified evidence before it"),
        (archive_holds, "every package and the log read again: as they were sealed"),
        (len(played.witness.unproven) == 0 and alerts >= cases, f"{alerts} cases told of, of {cases} that stand"),
        (found.shown == found.cases, f"{found.shown} of {found.cases} cases found by `beadle show`"),
        (played.daemon_status == 0, f"the daemon stopped when asked, in {played.stop_seconds:.1f} s"),
    ]
    if found.criticism:
        checks.insert(
            1,
            (not found.criticism_hidden, f"0 of {found.criticism} praising, critical and other lawful comments hidden"),
        )
        checks.insert(
            2, (not found.planted_missed, f"all {found.planted} planted violations of enumerable rules found")
        )
    for ok, sentence in checks:
        out.print(Text.assemble(("  ok   ", "green") if ok else ("  NO   ", "bold red"), sentence))
    for sentence in found.wrongs:
        out.print(Text(f"       {sentence}", "red"))
    if found.differing:
        out.print(Text(f"       judged otherwise than the script expects: {', '.join(found.differing)}", "dim"))
    out.print(Text(f"       played in {played.seconds:.0f} s", "dim"))
    return all(ok for ok, _ in checks)


def _places(played: Played, is_day: bool) -> list[tuple[str, str | Path]]:
    look = played.home.folder / _LOOK
    look.mkdir(exist_ok=True)
    places: list[tuple[str, str | Path]] = []
    shown = _best_case(played.fates)
    if shown is not None and shown.package_id is not None:
        archive = Archive(played.home.archive, _NoPrinter())
        places += [("a case", f"{_command(played)} show {shown.case_id}")]
        try:
            ref, package = archive.ref(shown.package_id), archive.read(shown.package_id)
        except EvidenceError as error:
            return [("evidence", error.sentence)]
        places.append(("evidence bag", archive.root / ref.path))
        if package.picture:
            (look / "screenshot.png").write_bytes(package.picture)
            places.append(("screenshot", look / "screenshot.png"))
        (look / "card.pdf").write_bytes(package.members["data/card/evidence.pdf"])
        places.append(("card", look / "card.pdf"))
    channel = look / "slack.html"
    played.town.slack.write_page(channel)
    places.append(("Slack channel", channel))
    digests = sorted((played.home.folder / "town" / "mail").glob("*.html"))
    if digests:
        places.append(("digest", digests[-1]))
    places.append(("daemon's log", played.home.folder / "daemon.log"))
    return places


def _best_case(fates: tuple[Fate, ...]) -> Fate | None:
    """A case to show first: hidden, with a picture that proves it, and nothing in it that a mayor would mind."""
    sealed = [fate for fate in fates if fate.package_id is not None]
    return max(sealed, key=_showable, default=None)


def _showable(fate: Fate) -> tuple[bool, bool, bool]:
    return (fate.status == "hidden", fate.picture == "proof", set(fate.rules) <= _SHOWN_TO_A_MAYOR)


def _command(played: Played) -> str:
    home = played.home
    return f"BEADLE_CONFIG={home.config} BEADLE_DATABASE_URL={home.database_url} BEADLE_ARCHIVE={home.archive} beadle"


class _NoPrinter:
    """An archive that is only read sets no cards."""

    def pdf(self, record: object, picture: bytes | None = None) -> bytes:
        raise EvidenceError("nothing is sealed here")
