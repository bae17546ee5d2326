"""``/beadle`` and its words: one table of verbs, each answered to the one who asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from bot.authority import Verb
from bot.errors import NotAllowed
from bot.ledger import cases, search, switches
from bot.ledger.cases import File
from bot.ledger.presses import REFUSED, TAKEN
from bot.mistakes import did_you_mean, printable
from bot.notify import alerts
from bot.slack import forms, speech
from bot.slack.deciding import PAUSED, PAUSED_ALREADY, Deciding
from bot.slack.hall import Doing, Hall
from bot.slack.members import Member
from bot.slack.presses import Heard, Journal, Pressed
from bot.slack.wire import Reply

# ── what people read ─────────────────────────────────────────────────────────────────────────────────────────────────

UNKNOWN = 'There is no "{word}"; {hint}'
NEAR = 'did you mean "/beadle {near}"?'
SEE_HELP = "/beadle help lists what there is."
USAGE = "Write it like this: /beadle {usage}"
NEEDS_REASON = "Please say why, after the case: /beadle {verb} {case} because …"
HELP = "What /beadle can do:"
EMPTY = "No case waits for a person{where}."
QUEUE = "Waiting for a person{where}: {count}. Urgent and oldest first."
NOTHING = "No comment of your pages holds these words."
FOUND = "Comments of your pages that hold these words, newest first:"
END = "That was the last of them."
STOPPED = "Acts are stopped on {page}; /beadle resume {page} lets them go on."
STOPPED_ALREADY = "Acts are stopped on {page} already."
GO_ON = "Acts go on. {held} held-back cases ask for permission again."
NOT_STOPPED = "Nothing was stopped there."

NEAR_PAGE = 'there is no page "{word}", so nothing was stopped; write /beadle pause {near}, or /beadle pause all.'

MORE = "listing_more"
EVERYWHERE = "all"
_TURNED = frozenset({"queue", "search"})


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, with which words after the verb, and by which press."""

    member: Member
    words: tuple[str, ...]
    press: Pressed
    rest: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Command:
    """One verb. ``answer`` reads and replies; ``act`` changes something, and is written down as a press."""

    usage: str
    says: str
    answer: Callable[[Asking], Reply] | None = None
    act: Callable[[Asking], Heard] | None = None


class Commands:
    """Answers the slash command."""

    def __init__(self, hall: Hall, deciding: Deciding, journal: Journal) -> None:
        self._hall, self._deciding, self._journal = hall, deciding, journal

    def table(self) -> Mapping[str, Command]:
        """Every verb there is, those of other parts last."""
        own = {
            "queue": Command("queue [PAGE]", "what waits for a person", self._queue),
            "case": Command("case ID", "everything about one case, with its buttons", self._case),
            "search": Command("search WORDS", "comments of your pages that hold these words", self._search),
            "undo": Command("undo ID [why]", "show again what was hidden", act=self._undo),
            "pause": Command("pause [PAGE] [why]", "stop all acts, there or everywhere", act=self._pause),
            "resume": Command("resume [PAGE]", "let acts go on", act=self._resume),
        }
        decisions = {
            verb.value: Command(f"{_dashed(verb)} ID {_why(asked.words)}", asked.says, act=self._decision(verb))
            for verb, asked in forms.ASKED.items()
        }
        brought = {name: self._command(doing) for name, doing in self._hall.doings.items()}
        return {**own, **decisions, **brought, "help": Command("help", "this list", self._help)}

    def answer(self, member: Member, text: str, press: Pressed, offset: int = 0) -> Reply | None:
        """The reply to one command; ``None`` when the same one was heard before."""
        words = text.split()
        name = (words[0].lower().replace("-", "_") if words else "help").removeprefix("/beadle")
        command = self.table().get(name)
        if member.person is None and (command is None or command.act is None):
            return speech.say(member.refused)
        if command is None:
            return speech.say(self._unknown(name))
        rest = text.split(maxsplit=1)[1] if len(text.split(maxsplit=1)) > 1 else ""
        asking = Asking(member, tuple(words[1:]), press, rest.strip(), offset)
        return self._act(command, name, asking) if command.act else self._look(command, asking)

    def turn(self, member: Member, value: str, press: Pressed) -> Reply | None:
        """Another part of a list, as the button under it says."""
        try:
            text, offset = json.loads(value)
            verb, offset = str(text).split()[0], max(int(offset), 0)
        except (ValueError, TypeError, IndexError):
            return speech.say(SEE_HELP)
        return self.answer(member, text, press, offset) if verb in _TURNED else speech.say(SEE_HELP)

    def _look(self, command: Command, asking: Asking) -> Reply:
        assert command.answer is not None
        try:
            return command.answer(asking)
        except NotAllowed as error:
            return speech.say(error.sentence)

    def _act(self, command: Command, name: str, asking: Asking) -> Reply | None:
        act = command.act
        assert act is not None
        about = asking.words[0] if asking.words else ""
        press = replace(asking.press, key=f"{asking.press.key}:{name}", action=f"/beadle {name}", about=about)
        heard = self._journal.hear(
            replace(press, about=_plain(about)),
            asking.member,
            lambda: act(replace(asking, press=press)) if asking.member.person else _unlisted(asking.member),
        )
        return None if heard is None else speech.say(heard.sentence)

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _help(self, asking: Asking) -> Reply:
        lines = [f"/beadle {command.usage}: {command.says}" for command in self.table().values()]
        return speech.say("\n".join((HELP, *lines)))

    def _queue(self, asking: Asking) -> Reply:
        person = asking.member.person
        assert person is not None
        pages = self._hall.pages_of(person)
        where = ""
        if asking.words:
            pages, where = frozenset({self._hall.page(person, asking.words[0])}), f" on {asking.words[0]}"
        with Session(self._hall.route.reading) as session:
            found = cases.listed(
                session,
                statuses=cases.OPEN_FOR_PEOPLE,
                pages=pages,
                limit=speech.PAGE_OF + 1,
                offset=asking.offset,
                closed=self._hall.restricted,
            )
            count = cases.how_many(session, cases.OPEN_FOR_PEOPLE, pages)
        if not found:
            return speech.say(END if asking.offset else EMPTY.format(where=where))
        now = self._hall.route.clock()
        entries = [speech.case_entry(each, now) for each in found[: speech.PAGE_OF]]
        turns = _turns(f"queue {' '.join(asking.words)}".strip(), asking.offset, len(found))
        return speech.listing(QUEUE.format(count=count, where=where), entries, turns)

    def _case(self, asking: Asking) -> Reply:
        if len(asking.words) != 1:
            return speech.say(USAGE.format(usage="case ID"))
        return self.case(asking.member, asking.words[0])

    def case(self, member: Member, case_id: str) -> Reply:
        """One case, as its message shows it. Raises ``NotAllowed``."""
        assert member.person is not None
        with Session(self._hall.route.reading) as session:
            file = self._hall.file(session, member.person, case_id)
            message = alerts.render(self._alert(file, session))
        return Reply(message.text, message.blocks)

    def _alert(self, file: File, session: Session) -> alerts.Alert:
        desk = self._hall.route.desks.get(file.case.page)
        if desk is None:
            raise NotAllowed(f'page "{file.case.page}" is not in pages.yaml any more; put it back to see its cases.')
        return self._hall.route.alert(desk, file, session)

    def _search(self, asking: Asking) -> Reply:
        if not asking.rest:
            return speech.say(USAGE.format(usage="search WORDS"))
        assert asking.member.person is not None
        with Session(self._hall.route.reading) as session:
            found = search.find(
                session,
                asking.rest,
                self._hall.pages_of(asking.member.person),
                limit=speech.PAGE_OF + 1,
                offset=asking.offset,
                closed=self._hall.restricted,
            )
        if not found:
            return speech.say(END if asking.offset else NOTHING)
        now = self._hall.route.clock()
        entries = [speech.comment_entry(each, now) for each in found[: speech.PAGE_OF]]
        return speech.listing(FOUND, entries, _turns(f"search {asking.rest}", asking.offset, len(found)))

    # ── acting ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _decision(self, verb: Verb) -> Callable[[Asking], Heard]:
        def act(asking: Asking) -> Heard:
            if not asking.words:
                raise NotAllowed(USAGE.format(usage=f"{_dashed(verb)} ID {_why(forms.ASKED[verb].words)}"))
            if verb is Verb.APPROVE and (done := self._approved(asking)) is not None:
                return Heard(TAKEN, done)
            code, reason = self._code(asking, verb)
            if forms.ASKED[verb].words == "must" and not reason:
                raise NotAllowed(NEEDS_REASON.format(verb=_dashed(verb), case=printable(asking.words[0])))
            return self._deciding.decide(asking.press, asking.member, verb, reason, code)

        return act

    def _approved(self, asking: Asking) -> str | None:
        """A request, where it is none of a case."""
        assert asking.member.person is not None
        voice = asking.press.voice(asking.member, asking.member.person)
        return self._hall.approve_request(asking.words[0], voice, _after_case(asking.rest))

    def _code(self, asking: Asking, verb: Verb) -> tuple[str, str]:
        """A reason code of the policy, where the first word is one, and what follows."""
        first, _, rest = _after_case(asking.rest).partition(" ")
        with Session(self._hall.route.reading) as session:
            assert asking.member.person is not None
            file = self._hall.file(session, asking.member.person, asking.words[0])
        pack = self._hall.pack(file.case.page)
        known = {code.id for code in pack.reasons.get(verb.value, ())} if pack else set()
        return (first, rest.strip()) if first in known else ("", _after_case(asking.rest))

    def _undo(self, asking: Asking) -> Heard:
        return self._decision(Verb.RESTORE)(asking)

    def _pause(self, asking: Asking) -> Heard:
        person = asking.member.person
        assert person is not None
        scope, reason = self._scope(asking)
        new = self._hall.review.pause(scope, asking.press.voice(asking.member, person), reason)
        if scope == switches.ALL:
            return Heard(TAKEN, PAUSED if new else PAUSED_ALREADY)
        return Heard(TAKEN, (STOPPED if new else STOPPED_ALREADY).format(page=scope))

    def _resume(self, asking: Asking) -> Heard:
        person = asking.member.person
        assert person is not None
        scope = self._hall.page(person, asking.words[0]) if asking.words else switches.ALL
        held = self._hall.review.resume(scope, asking.press.voice(asking.member, person))
        return Heard(TAKEN, NOT_STOPPED if held is None else GO_ON.format(held=held))

    def _scope(self, asking: Asking) -> tuple[str, str]:
        """A page of the member's and why; else every page, and all of it is why."""
        person = asking.member.person
        assert person is not None
        if not asking.words or asking.words[0] == EVERYWHERE:
            return switches.ALL, _after_case(asking.rest)
        first, slugs = asking.words[0], self._hall.route.desks
        if first in slugs:
            return self._hall.page(person, first), _after_case(asking.rest)
        near = did_you_mean(first, slugs)
        if near is not None:
            raise NotAllowed(NEAR_PAGE.format(word=printable(first), near=near))
        return switches.ALL, asking.rest

    def _command(self, doing: Doing) -> Command:
        """The verb of another part."""

        def done(asking: Asking) -> str:
            assert asking.member.person is not None
            return doing.do(asking.press.voice(asking.member, asking.member.person), asking.words)

        if doing.changes:
            return Command(doing.usage, doing.says, act=lambda asking: Heard(TAKEN, done(asking)))
        return Command(doing.usage, doing.says, lambda asking: speech.say(done(asking)))

    def _unknown(self, name: str) -> str:
        near = did_you_mean(name, self.table())
        hint = NEAR.format(near=near.replace("_", "-")) if near else SEE_HELP
        return UNKNOWN.format(word=printable(name), hint=hint)


def _turns(text: str, offset: int, found: int) -> list[dict[str, object]]:
    """Buttons to the next part of a list and back."""
    turns = []
    if offset:
        back = json.dumps([text, max(offset - speech.PAGE_OF, 0)])
        turns.append(speech.button(speech.FEWER, f"{MORE}_back", back))
    if found > speech.PAGE_OF:
        turns.append(speech.button(speech.MORE, MORE, json.dumps([text, offset + speech.PAGE_OF])))
    return turns if all(len(str(each["value"])) < 2000 for each in turns) else []


def _after_case(rest: str) -> str:
    return rest.split(maxsplit=1)[1].strip() if len(rest.split(maxsplit=1)) > 1 else ""


def _unlisted(member: Member) -> Heard:
    return Heard(REFUSED, member.refused)


def _plain(word: str) -> str:
    return "".join(each for each in word if each.isascii() and (each.isalnum() or each in "-_"))[:80]


def _dashed(verb: Verb) -> str:
    return verb.value.replace("_", "-")


def _why(words: Sequence[str] | str) -> str:
    return "why" if words == "must" else "[why]"
