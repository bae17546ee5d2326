"""`beadle doctor`: everything that must be true, looked at one by one, each with what to do when it isn't."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal

from sqlmodel import Session

from bot.acting import cannot_hide
from bot.app import Beadle, open_beadle
from bot.desk import Desk
from bot.errors import BeadleError, EvidenceError, PolicyError
from bot.evidence.chain.standing import NO_AUTHORITY, Standing, is_late
from bot.evidence.health import Finding, browser_health, font_health
from bot.evidence.proof.verify import verify_archive
from bot.evidence.storage.locks import lock_problem
from bot.ledger import database, sightlines
from bot.notify.email import MailRefused, MailUnavailable
from bot.opinion.terms import NotHad
from bot.pages import Mode
from bot.preflight import Fit, check_page
from bot.settings import Settings, load_settings
from bot.slack import checks as slack_checks

State = Literal["ok", "note", "wrong"]

OLD_COPIES = (
    "{older:,} stored copies are older than the {days} days after which the platform's terms ({terms}) want them read "
    "again or kept under a law; record the city's legal_basis in pages.yaml. Nothing is deleted by itself."
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. ``wrong`` must be fixed; a ``note`` is worth knowing."""

    what: str
    state: State
    sentence: str


def examine() -> Iterator[Check]:
    """Look at everything, cheap things first. One thing that is wrong does not stop the others."""
    try:
        settings = load_settings()
    except BeadleError as error:
        yield Check("environment", "wrong", error.sentence)
        return
    yield Check("environment", "ok", f"configuration in {settings.config}")
    yield _database(settings)
    yield _archive(settings.archive, settings.disk_reserve)
    yield from _pictures(settings)
    try:
        with open_beadle(settings, acts=True, examples=True) as beadle:
            yield from _configuration(beadle)
            yield from _kept(beadle)
            yield from _signed(beadle)
            yield from _slack(beadle)
            yield from _slack_answers(beadle)
            yield _mail(beadle)
            yield from _opinions(beadle)
            yield from _pages(beadle)
    except BeadleError as error:
        yield Check("configuration", "wrong", error.sentence)


def _database(settings: Settings) -> Check:
    try:
        url = database.normalise(settings.database_url.get_secret_value())
        if not database.is_ready(url):
            return Check("database", "note", "not made yet; `beadle migrate` or the first `beadle run` makes it")
        running = database.daemon_is_running(url)
    except BeadleError as error:
        return Check("database", "wrong", error.sentence)
    return Check("database", "ok", "there, with its tables" + ("; a daemon runs on it" if running else ""))


def _archive(root: Path, reserve: float) -> Check:
    """Write, read back, take away: nothing may be hidden where evidence can't be kept."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=root, prefix=".doctor-") as probe:
            probe.write(b"beadle")
            probe.flush()
            if Path(probe.name).read_bytes() != b"beadle":
                return Check("archive", "wrong", f"{root} does not give back what is written; look at its disk.")
        disk = shutil.disk_usage(root)
        unlocked = lock_problem(root)
    except OSError as error:
        return Check("archive", "wrong", f"{root} can't be written ({error.strerror}); give this account the folder.")
    if unlocked is not None:
        return Check("archive", "wrong", unlocked)
    free = disk.free / disk.total
    if free < reserve:
        return Check(
            "archive", "wrong", f"only {free:.0%} of its disk is free and {reserve:.0%} must stay so; make room."
        )
    if not (root / "log").exists():
        return Check("archive", "ok", f"{root}, empty; {disk.free / 1e9:.0f} GB free")
    report = verify_archive(root)
    if report.flaws:
        return Check(
            "archive", "wrong", f"{report.flaws[0].sentence} `beadle verify --all` lists all {len(report.flaws)}."
        )
    return Check(
        "archive", "ok", f"{root}, {report.packages} packages as they were sealed; {disk.free / 1e9:.0f} GB free"
    )


def _pictures(settings: Settings) -> Iterator[Check]:
    for found in (*browser_health(settings.browser, settings.capture_user), *font_health()):
        yield Check(found.what, _state(found), found.sentence)


def _state(found: Finding) -> State:
    return "ok" if found.ok else "note"


def _configuration(beadle: Beadle) -> Iterator[Check]:
    for error in beadle.configuration.refused:
        what = "policy" if isinstance(error, PolicyError) else "page"
        yield Check(what, "wrong", error.sentence)
    people = beadle.configuration.people
    yield Check("people", "ok", f"{len(people.people)} in people.yaml")
    if not people.digest_recipients():
        yield Check("people", "note", "nobody gets the digest; give somebody the role chief_of_staff.")
    for sentence in beadle.staffing():
        yield Check("people", "note", sentence)
    for slug in sorted(beadle.configuration.shelf.slugs):
        pack = beadle.configuration.shelf.in_force(slug, datetime.now(UTC))
        yield Check("policy", "ok", f"{slug}, version {pack.version}: {len(pack.rules)} rules, examples hold")


def _kept(beadle: Beadle) -> Iterator[Check]:
    """Incidents that nobody has cleared, and the second copy."""
    try:
        for incident in beadle.keeping.incidents.open():
            yield Check("incident", "wrong", f"{incident.sentence} {beadle.keeping.incidents.advice(incident)}")
    except BeadleError as error:
        yield Check("incident", "wrong", error.sentence)
    for looked in beadle.keeping.examine(datetime.now(UTC)):
        yield Check("second copy", looked.state, looked.sentence)


def _signed(beadle: Beadle) -> Iterator[Check]:
    """The key, the checkpoints of the log, and each time stamp authority, which is asked for one."""
    now = datetime.now(UTC)
    try:
        proof = beadle.notary.standing()
    except BeadleError as error:
        yield Check("checkpoints", "wrong", error.sentence)
        return
    if proof.trouble is not None:
        yield Check("checkpoints", "wrong", proof.trouble)
    elif proof.note is None or proof.key is None:
        yield Check("checkpoints", "ok", f"none yet; the first is signed with {beadle.settings.evidence_key}")
    else:
        size, new = proof.note.checkpoint.size, proof.uncovered
        said = f"the newest covers the log up to line {size:,}, signed with {proof.key.key_id}; lines since: {new:,}"
        yield Check("checkpoints", "ok", said)
    yield from _stamped(beadle, proof, now)


def _stamped(beadle: Beadle, proof: Standing, now: datetime) -> Iterator[Check]:
    if not proof.owed:
        yield Check("time stamps", "note", NO_AUTHORITY)
    for owed, sentence in zip(proof.owed, proof.stamps(now), strict=False):
        yield Check("time stamps", "wrong" if is_late(owed, now) else "ok", sentence)
        try:
            beadle.notary.stamping.probe(owed.authority)
        except EvidenceError as error:
            yield Check("time stamps", "wrong", f"{owed.authority.host}, asked just now: {error.sentence}")


def _slack(beadle: Beadle) -> Iterator[Check]:
    if beadle.slack is None:
        yield Check(
            "slack", "note", "not configured: nobody is alerted; set BEADLE_SLACK_TOKEN and BEADLE_SLACK_CHANNEL."
        )
        return
    channels = {desk.page.slack_channel for desk in beadle.route.desks.values()} or {None}
    for channel in channels:
        problems = beadle.slack.check(channel)
        for problem in problems:
            yield Check("slack", "wrong", problem)
        if not problems:
            yield Check("slack", "ok", f"channel {channel or beadle.settings.slack_channel} can be written")


def _slack_answers(beadle: Beadle) -> Iterator[Check]:
    for looked in slack_checks.look(beadle.settings, beadle.configuration.people):
        yield Check("slack answers", looked.state, looked.sentence)


def _mail(beadle: Beadle) -> Check:
    if beadle.mailer is None:
        return Check("mail", "note", "not configured: no digest is mailed; set BEADLE_SMTP_URL.")
    try:
        beadle.mailer.check()
    except (MailUnavailable, MailRefused) as error:
        return Check("mail", "wrong", error.sentence)
    return Check("mail", "ok", f"the server takes mail from {beadle.mailer.sender}")


def _opinions(beadle: Beadle) -> Iterator[Check]:
    opinions = beadle.route.opinions
    if opinions is None:
        return
    model = f'the model "{opinions.terms.model}" at {opinions.terms.url}'
    try:
        opinions.check()
    except NotHad as error:
        what = f"{model}: {error.detail}; until it is mended, comments in doubt go to a person."
        yield Check("second opinion", "wrong", what)
        return
    yield Check("second opinion", "ok", f"{model} answers")


def _pages(beadle: Beadle) -> Iterator[Check]:
    policy_url = beadle.configuration.pages.city.policy_url
    for slug, desk in sorted(beadle.route.desks.items()):
        found = check_page(desk, policy_url, datetime.now(UTC))
        yield from _page(f"page {slug}", found, desk.page.mode)
        yield from _terms(beadle, desk)
        yield from _rules(beadle, desk)


def _rules(beadle: Beadle, desk: Desk) -> Iterator[Check]:
    """What holds back this page's rules, and what was signed that is not usual."""
    if not database.is_ready(beadle.database_url):
        return
    with Session(beadle.route.reading) as session:
        for note in beadle.bearings.notes(session, desk.page):
            yield Check(f"page {desk.page.slug}", "note", note)


def _terms(beadle: Beadle, desk: Desk) -> Iterator[Check]:
    """What the platform's terms and abilities mean for this page. Nothing expires by itself."""
    what, can = f"page {desk.page.slug}", desk.connector.capabilities
    if desk.withheld is not None:
        yield Check(what, "note", desk.withheld)
    if desk.hider is None:
        yield Check(what, "note", cannot_hide(desk))
    refresh = can.archive.refresh
    if refresh is None or desk.page.legal_basis is not None or not database.is_ready(beadle.database_url):
        return
    with Session(beadle.route.reading) as session:
        older = sightlines.copies_older_than(session, desk.page.slug, beadle.route.clock() - refresh)
    if older:
        yield Check(what, "note", OLD_COPIES.format(older=older, days=refresh.days, terms=can.archive.terms))


def _page(what: str, found: Fit, mode: Mode) -> Iterator[Check]:
    for problem in found.problems:
        yield Check(what, "wrong", problem)
    if not found.problems:
        name = found.health.page_name if found.health else None
        yield Check(what, "ok", f'"{name}", in {mode.value}; token, permissions, clock and published policy are good')
    expires = found.health.token_expires_at if found.health else None
    for note in found.notes:
        yield Check(what, "note", note)
    if expires is not None and not found.notes:
        yield Check(what, "note", f"its token expires on {expires:%Y-%m-%d}; put in a new one before.")
