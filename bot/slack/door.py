"""The door in Slack: everything that members do comes in here, is written down, acknowledged and answered.

Slack gives an app three seconds. What is done within two of them is written down before it is acknowledged; what is
slower is acknowledged, goes on, and its answer follows.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from concurrent.futures import TimeoutError as StillAtIt
from typing import Any

import structlog
from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult
from sqlalchemy.exc import OperationalError

from bot.ledger.presses import ASKED, FAILED, REFUSED, TAKEN
from bot.slack import forms, home, reports, speech
from bot.slack.commands import MORE, Commands
from bot.slack.deciding import NO_BUTTON, Deciding, form_press, missing
from bot.slack.hall import Hall
from bot.slack.members import Member, Members
from bot.slack.presses import OUR_FAULT, TRY_AGAIN, Heard, Journal, Pressed, clicked, pressed, submitted, typed
from bot.slack.wire import View, Whisper, Wire, silent

log = structlog.get_logger(__name__)

Body = Mapping[str, Any]
TOO_LATE = "Slack did not open the window in time; please press again."
DOUBLE = "a double click"
ALL_AT_ONCE = 16
ANSWER_WITHIN_S = 2.0
_ACKNOWLEDGERS = 32
_DOUBLE_CLICK_S = 1.5


class Door:
    """Takes what Slack sends. ``app`` is bolt's; ``link`` and ``receiver`` hand it what comes over the wire."""

    def __init__(self, hall: Hall, wire: Wire, *, signing_secret: str = "") -> None:
        self._hall, self._wire = hall, wire
        self._members = Members(hall.people, wire)
        self._journal, self._deciding = Journal(hall.route), Deciding(hall)
        self._commands = Commands(hall, self._deciding, self._journal)
        self._hands = ThreadPoolExecutor(ALL_AT_ONCE, thread_name_prefix="slack")
        self._clicks: dict[tuple[str, ...], float] = {}
        self._lock = threading.Lock()
        self.app = _bolt(wire, signing_secret)
        self._listen()
        # Asked before the first press, whose window would have to wait for the answer.
        self._hands.submit(wire.identity)

    def close(self) -> None:
        """Finish what is in hand; nothing new is begun."""
        self._hands.shutdown(wait=True, cancel_futures=True)
        self.app.listener_runner.listener_executor.shutdown(wait=False, cancel_futures=True)

    def _listen(self) -> None:
        app = self.app
        app.action(re.compile(r"^case_(?!look$)[a-z_]{1,40}$"))(self._at_once(self._pressed))
        app.action(home.LOOK_AT)(self._at_once(self._look))
        app.action("pause_all")(self._at_once(self._ask_to_pause))
        app.action(re.compile(f"^{MORE}"))(self._at_once(self._turn))
        app.action(re.compile(r"^"))(self._at_once(lambda body: None))
        app.command("/beadle")(self._at_once(self._typed))
        app.shortcut(forms.REPORT)(self._at_once(self._shortcut))
        app.shortcut(forms.OWN_POST)(self._at_once(self._shortcut))
        app.view(forms.DECIDE)(self._sent(self._decided))
        app.view(forms.PAUSE)(self._sent(self._paused))
        app.view(f"{forms.REPORT}_page")(self._page_picked)
        app.view(forms.REPORT)(self._sent(self._reported))
        app.view(forms.OWN_POST)(self._sent(self._post_reported))
        app.event("app_home_opened")(self._at_once(self._home))

    # ── written down, then acknowledged ──────────────────────────────────────────────────────────────────────────

    def _at_once(self, do: Callable[[Body], None]) -> Callable[..., None]:
        """Do it, then acknowledge it, after two seconds at the latest; what can't be taken any more comes again."""

        def listener(ack: Ack, body: dict[str, Any]) -> None:
            doing = self._hands.submit(self._safely, do, body)
            # Not before: what a crash cuts off is then not acknowledged either, and the member sees that it failed.
            wait([doing], timeout=ANSWER_WITHIN_S)
            ack()

        return listener

    def _safely(self, do: Callable[[Body], None], body: Body) -> None:
        try:
            do(body)
        except OperationalError as error:
            log.warning("the database did not answer a member of slack", cause=type(error.orig).__name__)
            self._wire.whisper(_to(body), speech.say(TRY_AGAIN))
        except Exception:
            # A fault of ours in one answer must not end the others; the member is told, the log has the cause.
            log.exception("a member of slack could not be answered")
            self._wire.whisper(_to(body), speech.say(OUR_FAULT))

    def _pressed(self, body: Body) -> None:
        member, press = self._members.who(body), pressed(body)
        if press is None:
            click = clicked(body)
            self._tell(body, self._journal.hear(click, member, lambda: Heard(REFUSED, NO_BUTTON)))
            return
        heard = self._deciding.consider(press, member)
        if heard is not None and heard.form is not None:
            heard = self._opened(body, press, member, heard, heard.form)
        said = heard
        told = self._journal.hear(press, member, lambda: said or self._deciding.button(press, member))
        if told is not None and told.stale:
            self._deciding.bring_up_to_date(press.about)
        if told is None or told.outcome != ASKED:
            self._tell(body, told)

    def _opened(self, body: Body, press: Pressed, member: Member, heard: Heard, form: View) -> Heard:
        if self._is_double(member.id, press.about, press.action, press.stand):
            return Heard(ASKED, DOUBLE)
        opened = self._wire.open(str(body.get("trigger_id")), form, above=_in_modal(body))
        return heard if opened else Heard(FAILED, TOO_LATE)

    def _is_double(self, *click: str) -> bool:
        now = time.monotonic()
        with self._lock:
            self._clicks = {key: at for key, at in self._clicks.items() if now - at < _DOUBLE_CLICK_S}
            double = click in self._clicks
            self._clicks[click] = now
        return double

    def _look(self, body: Body) -> None:
        member, case_id = self._members.who(body), str(body["actions"][0].get("value", ""))
        reply = self._commands.answer(member, f"case {case_id}", clicked(body))
        if reply is not None:
            self._wire.open(str(body.get("trigger_id")), forms.shown("Case", reply.blocks), above=_in_modal(body))

    def _ask_to_pause(self, body: Body) -> None:
        member, click = self._members.who(body), clicked(body)
        if member.person is None:
            self._tell(body, self._journal.hear(click, member, lambda: Heard(REFUSED, member.refused)))
        elif not self._is_double(member.id, "pause_all"):
            opened = self._wire.open(str(body.get("trigger_id")), forms.pause_all(_channel(body)))
            self._journal.hear(click, member, lambda: Heard(ASKED, "") if opened else Heard(FAILED, TOO_LATE))

    def _turn(self, body: Body) -> None:
        reply = self._commands.turn(self._members.who(body), str(body["actions"][0].get("value", "")), clicked(body))
        if reply is not None:
            self._wire.whisper(_to(body, replace=True), reply)

    def _typed(self, body: Body) -> None:
        said = _as_typed(str(body.get("text") or ""))
        reply = self._commands.answer(self._members.who(body), said, typed(body, "/beadle", ""))
        if reply is not None:
            self._wire.whisper(_to(body), reply)

    def _shortcut(self, body: Body) -> None:
        window = reports.window(self._hall, self._members.who(body), str(body.get("callback_id")))
        self._wire.open(str(body.get("trigger_id")), window)

    def _home(self, body: Body) -> None:
        member = self._members.who(body)
        if member.id and (body.get("event") or {}).get("tab", "home") == "home":
            self._wire.home(member.id, home.view(self._hall, member))

    def _tell(self, body: Body, heard: Heard | None) -> None:
        if heard is None:
            return
        if not self._wire.whisper(_to(body), speech.say(heard.sentence)) and _in_view(body):
            self._wire.open(str(body.get("trigger_id")), forms.notice("Beadle", heard.sentence), above=_in_modal(body))

    # ── windows: the acknowledgement says what becomes of them ───────────────────────────────────────────────────

    def _sent(self, do: Callable[[Body, Member], Heard | None]) -> Callable[..., None]:
        """Answer in the window: within two seconds, or there when it is done."""

        def listener(ack: Ack, body: dict[str, Any]) -> None:
            lacking = missing(body) or reports.missing(body)
            if lacking:
                ack(response_action="errors", errors=lacking)
                return
            title = str(body["view"]["title"]["text"])
            doing = self._hands.submit(self._answered, do, body)
            try:
                heard = doing.result(timeout=ANSWER_WITHIN_S)
            except StillAtIt:
                ack(response_action="update", view=forms.notice(title, forms.WAIT))
                doing.add_done_callback(lambda done: self._follow_up(body, title, done))
                return
            self._close_or_say(ack, body, title, heard)

        return listener

    def _answered(self, do: Callable[[Body, Member], Heard | None], body: Body) -> Heard | None:
        try:
            return do(body, self._members.who(body))
        except OperationalError:
            return Heard(FAILED, TRY_AGAIN)
        except Exception:
            log.exception("a window of slack could not be answered")
            return Heard(FAILED, OUR_FAULT)

    def _close_or_say(self, ack: Ack, body: Body, title: str, heard: Heard | None) -> None:
        """A decision in a channel closes its windows and is confirmed there; anything else is said in the window."""
        channel = forms.kept(body["view"]).get("channel", "")
        if heard is None or (heard.outcome == TAKEN and channel):
            ack(response_action="clear")
            if heard is not None:
                self._wire.whisper(Whisper(_member(body), channel), speech.say(heard.sentence))
            return
        ack(response_action="update", view=forms.notice(title, heard.sentence))

    def _follow_up(self, body: Body, title: str, done: Future[Heard | None]) -> None:
        heard = None if done.cancelled() else done.result()
        if heard is not None:
            self._wire.update(str(body["view"]["id"]), forms.notice(title, heard.sentence))

    def _decided(self, body: Body, member: Member) -> Heard | None:
        press = form_press(body)
        heard = self._journal.hear(press, member, lambda: self._deciding.filled_in(body, member))
        if heard is not None and heard.stale:
            self._deciding.bring_up_to_date(press.about)
        return heard

    def _paused(self, body: Body, member: Member) -> Heard | None:
        press = submitted(body, "pause_all", "*")
        reason = forms.values(body["view"]).get("reason", "")
        return self._journal.hear(press, member, lambda: self._deciding.pause_all(press, member, reason))

    def _reported(self, body: Body, member: Member) -> Heard | None:
        press = submitted(body, forms.REPORT, forms.kept(body["view"]).get("page", ""))
        return self._journal.hear(press, member, lambda: reports.comment(self._hall, body, member))

    def _post_reported(self, body: Body, member: Member) -> Heard | None:
        # No row among the presses: who reported a post stands in the report and nowhere else.
        return reports.own_post(self._hall, body, member)

    def _page_picked(self, ack: Ack, body: dict[str, Any]) -> None:
        page, member = forms.values(body["view"]).get("page", ""), self._members.who(body)
        if member.person is None or not member.person.has(page):
            ack(response_action="update", view=forms.notice(forms.REPORT_COMMENT, member.refused or reports.NO_PAGES))
            return
        ack(response_action="update", view=reports.clauses(self._hall, page))


def _bolt(wire: Wire, signing_secret: str) -> App:
    """Bolt with nothing of its own: no call to Slack before an acknowledgement, and no lines in the log."""

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        # Who may do what is asked of members and of the ledger; here is only the token, so that nothing is called.
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=wire.client.token)

    return App(
        name="beadle",
        logger=silent(),
        client=wire.client,
        authorize=authorize,
        signing_secret=signing_secret,
        token_verification_enabled=False,
        request_verification_enabled=bool(signing_secret),
        listener_executor=ThreadPoolExecutor(_ACKNOWLEDGERS, thread_name_prefix="slack-ack"),
    )


def _as_typed(text: str) -> str:
    """Slack writes three characters of a command as entities."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _to(body: Body, *, replace: bool = False) -> Whisper:
    """The member alone, where they are. An answer replaces only an answer of ours, never a message for all."""
    hushed = bool((body.get("container") or {}).get("is_ephemeral"))
    return Whisper(_member(body), _channel(body), str(body.get("response_url") or ""), replace and hushed)


def _member(body: Body) -> str:
    user = body.get("user")
    return str((user.get("id") if isinstance(user, Mapping) else None) or body.get("user_id") or "")


def _channel(body: Body) -> str:
    box = body.get("container") or {}
    return str(box.get("channel_id") or body.get("channel_id") or "")


def _in_view(body: Body) -> bool:
    return (body.get("container") or {}).get("type") == "view"


def _in_modal(body: Body) -> bool:
    return (body.get("view") or {}).get("type") == "modal"
