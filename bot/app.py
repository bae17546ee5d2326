"""The composition root: reads the configuration, puts the parts together, and alone names concrete classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial

import sqlalchemy as sa
import structlog

from bot.asking import Requests
from bot.bearing import Bearings
from bot.carrying_out import CarryingOut
from bot.configuration import Configuration, configure, utc_now
from bot.desk import Desk
from bot.desks import Renewals, desk_tell
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
from bot.ledger.residents import under_appeal
from bot.ledger.spending import SpendingInLedger
from bot.machine import this_host, this_software
from bot.moderation.pack import PolicyPack
from bot.notify.email import SENDER, Mailer
from bot.notify.slack import SlackNotifier, SlackRefused, SlackUnavailable
from bot.offenders.barring import Barring, kinds
from bot.offenders.ladder import Ladder
from bot.offenders.reconciling import Reconciling
from bot.offenders.watching import Offenders
from bot.opening import Opener
from bot.opinion.second import SecondOpinions
from bot.opinion.terms import Terms
from bot.pages import Page
from bot.pipeline import Route
from bot.posting import MailRoom
from bot.preflight import Fitness
from bot.preserving import no_media, not_embedded
from bot.proclaiming import Proclaiming
from bot.promoting import KIND as PROMOTE
from bot.promoting import Promoting
from bot.reporting import Reporting
from bot.residents.counter import Counter
from bot.review import Review, in_force
from bot.settings import Settings
from bot.staffing import findings
from bot.tell.wishes import wishes_of
from bot.telling import Pictures, alerts_of
from bot.tokens import secret_parts
from bot.trust import Trust
from bot.undoing import Undoing
from bot.worker import Outbox, Stage
from connectors.contract import Blocker

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Beadle:
    """Everything put together, from ``open_beadle``. ``tell`` says one sentence of ours in a page's Slack channel.
    ``blockers``, by page, go to ``barring`` and ``reconciling`` and to nothing else."""

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
    blockers: Mapping[str, Blocker] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return self.configuration.settings

    @property
    def requests(self) -> Requests:
        """What takes two people. By the kind of request: what does it, once another person approves."""
        return Requests(self.review, {**kinds(self.barring), PROMOTE: self.promoting.approved})

    @property
    def bearings(self) -> Bearings:
        """How rules stand, page by page."""
        return Bearings(self.trust, self.route.clock)

    @property
    def promoting(self) -> Promoting:
        return Promoting(self.review, self.bearings)

    @property
    def undoing(self) -> Undoing:
        return Undoing(self.review, self.configuration.people)

    @property
    def proclaiming(self) -> Proclaiming:
        return Proclaiming(self.route, self.slack)

    @property
    def offenders(self) -> Offenders:
        """Accounts with strikes, and what people are told of them."""
        shelf, review = self.configuration.shelf, self.review
        return Offenders(self.route, shelf.version, review.pack_of, review.today, self.tell, under_appeal)

    @property
    def ladder(self) -> Ladder:
        return Ladder(self.offenders)

    @property
    def barring(self) -> Barring:
        return Barring(self.offenders, self.blockers)

    @property
    def reconciling(self) -> Reconciling:
        return Reconciling(self.offenders, self.blockers)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The kinds of orders besides the route's own."""
        gathers, notices = self.route.gathers, self.counter.notices
        return (
            Stage("notice", notices.deliver, notices.record, notices.case_of),
            Stage("bar", self.barring.bar, self.barring.record),
            Stage("gather", gathers.tell, gathers.record),
        )

    @property
    def reporting(self) -> Reporting:
        return Reporting(self.review)

    @property
    def counter(self) -> Counter:
        """Where residents are served: notices and appeals."""
        settings, configuration = self.settings, self.configuration
        sender = None if settings.smtp_url is None else settings.mail_from or SENDER
        city, packs = configuration.pages.city, configuration.shelf.packs
        return Counter(self.route, self.review, city, packs, sender, settings.state / "appeals")

    def pack_of(self, page: Page) -> PolicyPack | None:
        """The policy in force on a page now; ``None`` before the first."""
        try:
            return self.configuration.shelf.in_force(page.policy, self.route.clock())
        except PolicyError:
            return None

    def staffing(self) -> list[str]:
        """Where somebody is missing: nobody who may decide, no second person, training that is overdue."""
        pages, people = self.configuration.pages.pages, self.configuration.people
        return findings(people, pages, self.pack_of, self.review.today())

    @property
    def mail_room(self) -> MailRoom | None:
        """Who sends the letters of the ledger; ``None`` where no mail server is named."""
        if self.mailer is None:
            return None
        tell = partial(_tell_all, self.tell, self.route.desks)
        return MailRoom(self.route.reading, self.route.writing, self.mailer, self.route.clock, tell)

    def tell_all(self, sentence: str, key: str) -> None:
        """Say what concerns no single page once in each channel."""
        _tell_all(self.tell, self.route.desks, sentence, key)

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
    if not acts and (missing := database.why_not_ready(url)) is not None:
        raise ConfigError(missing)
    with ExitStack() as stack:
        printer = stack.enter_context(closing(CardPrinter()))
        archive = _archive(configuration, printer, now, acts=acts, signs=acts and not examples)
        capturer = stack.enter_context(closing(_capturer(configuration, acts)))
        outbox = stack.enter_context(closing(Outbox(url)))
        slack = _slack(settings) if acts else None
        tell = _teller(slack, now)
        writing, reading = database.ledger_engine(url), database.reading_engine(url)
        pages = configuration.pages.pages
        trust = Trust(configuration.shelf.packs, reading, now, pages=pages, writing=writing if acts else None)
        desks: dict[str, Desk] = {}
        renewals = Renewals(archive.hide, partial(desk_tell, desks, tell))
        spending, inboxes = SpendingInLedger(reading, writing), settings.state / "inbox"
        opener = Opener(configuration.pages.pages, configuration.shelf, inboxes, trust, spending, renewals)
        refused = opener.open_all(desks, stack, acts=acts)
        configuration = replace(configuration, refused=(*configuration.refused, *refused))
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
        wishes = wishes_of(configuration.pages.city, configuration.people, settings)
        route = Route(
            desks=desks,
            reading=reading,
            writing=writing,
            archive=archive,
            capturer=capturer,
            notifier=slack,
            orders=outbox,
            dossier=dossiers,
            alert=alerts_of(wishes, configuration.pages.pages, shelf.version, archive.restricted),
            picture=Pictures(archive, printer.png),
            unfit=lambda page: kept.incidents.why_not() or notary.why_not() or fitness.why_not(page),
            clock=now,
            opinions=_opinions(settings, writing, stack, now) if acts else None,
            embedded=embedded if acts else not_embedded,
            media=Fetcher(never_copy(settings.media_hashes), archive.not_copied, now) if acts else no_media,
            wishes=wishes,
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
            blockers=opener.blockers,
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
    return Mailer(settings.smtp_url.get_secret_value(), settings.mail_from or SENDER)


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


def _tell_all(tell: Callable[[Desk, str, str], None], desks: Mapping[str, Desk], sentence: str, key: str) -> None:
    """What concerns no single page is said once in each channel."""
    for desk in {desk.page.slack_channel: desk for desk in desks.values()}.values():
        tell(desk, sentence, key)


_ONCE_A_DAY = ("note", "checkpoints", "stamps", "clock")  # else `run --once` by cron would say it every minute
