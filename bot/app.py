"""The composition root: reads the configuration, puts the parts together, and alone names concrete classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

import sqlalchemy as sa
import structlog

import connectors
from bot.carrying_out import CarryingOut
from bot.desk import Desk, nothing_earned
from bot.desks import Minds, Renewals, closed_desk, connect, desk_tell, open_desk
from bot.dossiers import Dossiers
from bot.errors import ConfigError, PolicyError
from bot.evidence.capture import Capturer, NoCapturer
from bot.evidence.card.printer import CardPrinter
from bot.evidence.chain.keys import wacz_key
from bot.evidence.chain.notary import Notary
from bot.evidence.media.fetch import Fetcher
from bot.evidence.media.hashes import load as never_copy
from bot.evidence.picture.browser import BrowserCapturer
from bot.evidence.picture.oembed import embedded
from bot.evidence.storage.keeping import Keeping, keeping
from bot.evidence.store import Archive
from bot.evidence.wacz.page import Signer
from bot.lapse import Lapse
from bot.ledger import database
from bot.ledger.spending import SpendingInLedger
from bot.machine import this_host, this_software
from bot.moderation.judge import Judge
from bot.moderation.policy import PolicyShelf
from bot.notify.email import Mailer
from bot.notify.slack import SlackNotifier, SlackRefused, SlackUnavailable
from bot.opinion.second import SecondOpinions
from bot.opinion.terms import Terms
from bot.pages import Known, Page, Pages, load_pages
from bot.people import People, load_people
from bot.pipeline import Route
from bot.preflight import Fitness
from bot.preserving import no_media, not_embedded
from bot.review import Review, in_force
from bot.settings import Settings
from bot.telling import Alerts, Pictures
from bot.tokens import secret_parts
from bot.trust import Trust
from bot.worker import Outbox

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """Now, aware and in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the files say. ``refused`` holds one error for each page that can't be used; the others go on."""

    settings: Settings
    pages: Pages
    people: People
    shelf: PolicyShelf
    refused: tuple[ConfigError | PolicyError, ...]


class Bench:
    """The judges: one for each version of each policy, made when first needed, and anew when scores earn or lose."""

    def __init__(self, shelf: PolicyShelf, earned: Callable[[str], frozenset[str]] = nothing_earned) -> None:
        self._shelf, self._earned = shelf, earned
        self._judges: dict[str, Judge] = {}

    def judge_at(self, policy: str, at: datetime) -> Judge | None:
        """The judge of the version in force at a time; ``None`` for the time before the first version."""
        try:
            pack = self._shelf.in_force(policy, at)
        except PolicyError:
            return None
        judge, earned = self._judges.get(pack.digest), self._earned(pack.digest)
        if judge is None or judge.earned != earned:
            judge = self._judges[pack.digest] = self._shelf.judge(pack, earned)
        return judge


@dataclass(frozen=True, slots=True)
class Beadle:
    """Everything put together, from ``open_beadle``. ``tell`` says one sentence of ours in a page's Slack channel."""

    configuration: Configuration
    database_url: str
    route: Route
    review: Review
    carrying_out: CarryingOut
    lapse: Lapse
    trust: Trust
    fitness: Fitness
    outbox: Outbox
    tell: Callable[[Desk, str, str], None]
    slack: SlackNotifier | None
    mailer: Mailer | None
    capturer: Capturer
    archive: Archive
    keeping: Keeping
    notary: Notary

    @property
    def settings(self) -> Settings:
        return self.configuration.settings

    def secrets(self) -> tuple[str, ...]:
        """Every secret of the configuration, the pages' tokens among them: what no log line may show."""
        return _secrets(self.configuration)

    def summary_of(self, clause: str) -> str:
        """What a clause says, in the newest policy that has it; empty where none has."""
        for pack in sorted(self.configuration.shelf.packs, key=lambda each: each.effective_at, reverse=True):
            for each in pack.clauses:
                if each.id == clause:
                    return each.summary
        return ""


def configure(
    settings: Settings,
    *,
    read_tokens: bool = True,
    examples: bool = False,
    now: Callable[[], datetime] = utc_now,
) -> Configuration:
    """Read policies, pages and people. Raises ``ConfigError`` or ``PolicyError`` for what stops everything.

    ``examples``: run those of the policies that pages are under, and refuse what fails; for whoever is about to judge.
    """
    shelf = PolicyShelf.load(settings.config / "policies", settings.config / "wordlists", examples=False)
    pages = _pages(settings, shelf, read_tokens, now())
    if examples:
        proven = shelf.proven({page.policy for page in pages.pages})
        if proven.refused != shelf.refused:
            pages = _pages(settings, proven, read_tokens, now())
        shelf = proven
    people = load_people(settings.config / "people.yaml", pages.listed)
    return Configuration(settings, pages, people, shelf, (*shelf.refused.values(), *pages.refused))


def _pages(settings: Settings, shelf: PolicyShelf, read_tokens: bool, now: datetime) -> Pages:
    known = Known(platforms=connectors.platforms(), policies=shelf.slugs, now=now)
    return load_pages(settings.config / "pages.yaml", known, read_tokens=read_tokens)


@contextmanager
def open_beadle(
    settings: Settings, *, acts: bool, examples: bool = False, now: Callable[[], datetime] = utc_now
) -> Iterator[Beadle]:
    """Put everything together, and take it apart again.

    ``acts=False`` is for commands that record what a person says: no token is read, no browser and no Slack is opened.
    ``examples``: run those of the policies too. A daemon that starts after a crash doesn't: what it reads is pinned by
    digest, and was proven when the policy was checked; seconds count for the comments that wait.
    """
    configuration = configure(settings, read_tokens=acts, examples=examples, now=now)
    url = database.normalise(settings.database_url.get_secret_value())
    if not acts and not database.is_ready(url):
        raise ConfigError("there is no database yet; `beadle migrate` makes it, and so does the first `beadle run`.")
    with ExitStack() as stack:
        printer = stack.enter_context(closing(CardPrinter()))
        archive = _archive(configuration, printer, now, acts=acts, signs=acts and not examples)
        capturer = stack.enter_context(closing(_capturer(configuration, acts)))
        outbox = stack.enter_context(closing(Outbox(url)))
        slack = _slack(settings) if acts else None
        tell = _teller(slack, now)
        writing, reading = database.ledger_engine(url), database.reading_engine(url)
        trust = Trust(configuration.shelf.packs, reading, now)
        desks: dict[str, Desk] = {}
        renewals = Renewals(archive.hide, partial(desk_tell, desks, tell))
        opener = _Opener(configuration, trust, SpendingInLedger(reading, writing), renewals)
        configuration = opener.open_all(desks, stack, acts=acts)
        fitness = Fitness(desks, configuration.pages.city.policy_url, now, tell)
        notary = _notary(settings, archive, now, partial(_tell_all, tell, desks))
        kept = keeping(archive, settings, configuration.pages.city.timezone, now, partial(_tell_all, tell, desks))
        stack.callback(writing.dispose)
        stack.callback(reading.dispose)
        city, shelf = configuration.pages.city.name, configuration.shelf
        software, timezone = this_software(capturer.browser, settings.config), configuration.pages.city.timezone.key

        def today() -> date:
            return now().astimezone(configuration.pages.city.timezone).date()

        dossiers = Dossiers(city, now, shelf.version, software, this_host(), timezone)
        route = Route(
            desks=desks,
            reading=reading,
            writing=writing,
            archive=archive,
            capturer=capturer,
            notifier=slack,
            orders=outbox,
            dossier=dossiers,
            alert=Alerts(city, shelf.version, archive.restricted),
            picture=Pictures(archive, printer.png),
            unfit=lambda page: kept.incidents.why_not() or notary.why_not() or fitness.why_not(page),
            clock=now,
            opinions=_opinions(settings, writing, stack, now) if acts else None,
            embedded=embedded if acts else not_embedded,
            media=Fetcher(never_copy(settings.media_hashes), archive.not_copied, now) if acts else no_media,
        )
        yield Beadle(
            configuration=configuration,
            database_url=url,
            route=route,
            review=Review(route, in_force(shelf.in_force), today),
            carrying_out=CarryingOut(route),
            lapse=Lapse(route),
            trust=trust,
            fitness=fitness,
            outbox=outbox,
            tell=tell,
            slack=slack,
            mailer=_mailer(settings),
            capturer=capturer,
            archive=archive,
            keeping=kept,
            notary=notary,
        )


def _archive(
    configuration: Configuration, printer: CardPrinter, now: Callable[[], datetime], *, acts: bool, signs: bool
) -> Archive:
    settings = configuration.settings
    secrets = _secrets(configuration) if acts else settings.secrets()
    # Not for `doctor`: it seals nothing, and a key that another account made would be closed to the daemon.
    signer = _page_signer(settings) if signs else None
    return Archive(settings.archive, printer, secrets=secrets, reserve=settings.disk_reserve, clock=now, signer=signer)


def _notary(
    settings: Settings, archive: Archive, now: Callable[[], datetime], tell: Callable[[str, str], None]
) -> Notary:
    urls, roots = settings.timestamp_urls, settings.timestamp_roots
    return Notary(archive.root, archive.log, settings.evidence_key, urls, roots, clock=now, tell=tell)


def _page_signer(settings: Settings) -> Signer | None:
    """Signs the record of a page's traffic. A key that can't be had costs that signature, and no evidence."""
    try:
        return wacz_key(settings.evidence_key).sign_wacz
    except ConfigError as error:
        log.warning("the traffic of pages is recorded without a signature", because=error.sentence)
        return None


def _secrets(configuration: Configuration) -> tuple[str, ...]:
    tokens = [page.token.get_secret_value() for page in configuration.pages.pages]
    return (*configuration.settings.secrets(), *(part for token in tokens for part in secret_parts(token)))


def _capturer(configuration: Configuration, acts: bool) -> Capturer:
    if not acts:
        return NoCapturer("This command takes no pictures.")
    settings = configuration.settings
    hosts = sorted({host for page in configuration.pages.pages for host in page.public_hosts})
    return BrowserCapturer(
        allowed_hosts=hosts, browser=settings.browser, account=settings.capture_user, at_once=settings.captures
    )


def _slack(settings: Settings) -> SlackNotifier | None:
    if settings.slack_token is None:
        return None
    return SlackNotifier(
        settings.slack_token.get_secret_value(), base_url=settings.slack_base_url, channel=settings.slack_channel
    )


def _opinions(
    settings: Settings, writing: sa.Engine, stack: ExitStack, now: Callable[[], datetime]
) -> SecondOpinions | None:
    if settings.opinion_url is None:
        return None
    assert settings.opinion_model is not None, "load_settings refuses an address without a model"
    terms = Terms(
        url=settings.opinion_url,
        key=settings.opinion_key.get_secret_value() if settings.opinion_key else "",
        kind=settings.opinion_kind,
        model=settings.opinion_model,
        timeout_s=settings.opinion_timeout_s,
        ask_from=settings.opinion_ask_from,
        dollars_a_day=settings.opinion_dollars_a_day or Decimal(0),
        dollars_per_million=settings.opinion_dollars_per_million or Decimal(0),
        calls_a_day=settings.opinion_calls_a_day,
    )
    return stack.enter_context(closing(SecondOpinions(terms, writing, now)))


def _mailer(settings: Settings) -> Mailer | None:
    if settings.smtp_url is None:
        return None
    return Mailer(settings.smtp_url.get_secret_value(), settings.mail_from or _SENDER)


def _teller(slack: SlackNotifier | None, now: Callable[[], datetime]) -> Callable[[Desk, str, str], None]:
    def tell(desk: Desk, sentence: str, key: str) -> None:
        if slack is None:
            return
        try:
            moment = f"{now():%Y-%m-%d}" if key.startswith(_ONCE_A_DAY) else f"{now():%Y-%m-%dT%H:%M:%S}"
            slack.say(desk.page.slack_channel, sentence, f"{key}:{desk.page.slug}:{moment}")
        except (SlackUnavailable, SlackRefused) as error:
            log.warning("Slack could not be told", page=desk.page.slug, because=error.sentence)

    return tell


def _tell_all(tell: Callable[[Desk, str, str], None], desks: dict[str, Desk], sentence: str, key: str) -> None:
    """What concerns no single page is said once in each channel."""
    for desk in {desk.page.slack_channel: desk for desk in desks.values()}.values():
        tell(desk, sentence, key)


@dataclass(frozen=True, slots=True)
class _Opener:
    """Opens the desk of every page. One that can't be opened is refused like one with a mistake; the others go on."""

    configuration: Configuration
    trust: Trust
    spending: SpendingInLedger
    renewals: Renewals

    def open_all(self, desks: dict[str, Desk], stack: ExitStack, *, acts: bool) -> Configuration:
        """Fill ``desks``; the configuration with what had to be refused comes back."""
        bench = Bench(self.configuration.shelf, self.trust.earned)
        refused: list[ConfigError] = []
        for page in self.configuration.pages.pages:
            minds = Minds(partial(bench.judge_at, page.policy), self.trust.earned)
            try:
                desks[page.slug] = self._open(page, minds, stack) if acts else closed_desk(page, minds)
            except ConfigError as error:
                refused.append(error)
        return replace(self.configuration, refused=(*self.configuration.refused, *refused))

    def _open(self, page: Page, minds: Minds, stack: ExitStack) -> Desk:
        inboxes = self.configuration.settings.state / "inbox"
        connection = connect(page, self.spending, self.renewals.of(page), inboxes)
        stack.callback(connection.close)
        return open_desk(page, connection, minds)


_ONCE_A_DAY = ("note", "checkpoints", "stamps", "clock")  # else `run --once` by cron would say it every minute
_SENDER = "beadle@localhost.localdomain"
