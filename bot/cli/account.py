"""One account as a person reads it in a terminal: all that it wrote, and all that follows from it."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text

from bot.cli.speech import harmless, one_line
from bot.ledger import blocks
from bot.ledger.offenders import Said
from bot.ledger.tables import AccountWord, Block, BlockStatus, Proposal
from bot.ledger.tally import Event, Standing
from bot.offenders.sheet import Sheet

NOT_KEPT = "(no words are kept: the platform's terms allow ids, times and digests only)"
NOT_SHOWN = "(not shown in a list; `beadle show {case}` has it)"
OPTIONS = (
    "No action: `beadle decline {account} --page {page} --reason ...`",
    "Record a warning that was given: `beadle warn {account} --page {page} --how ... --reason ...`",
    "Counsel writes into the box: `beadle opine {account} --page {page} --text ...`",
    "Ask for a block, which takes another person: `beadle block {account} --page {page} --way ... --days ... "
    "--sheet {mark} --reason ...`",
)
_SPOKEN = {"opine": "counsel wrote", "decline": "no action", "warn": "warned", "explain": "explained a block"}
_LONGEST = 600


def describe(sheet: Sheet, restricted: Callable[[str], bool]) -> Text:
    """The sheet as text. ``restricted`` says of a case that its words and media are not to be shown."""
    out, account, standing = Text(), sheet.account, sheet.standing
    _line(out, "Account", f"{one_line(f'{account.platform}:{account.author_id}', 120)}", "bold")
    handle = f" ({one_line(account.handle, 60)})" if account.handle else ""
    _line(out, "", f"displayed as {one_line(account.name or '(no name)', 60)}{handle}; an account is not a person")
    _line(out, "Pages", ", ".join(account.pages) or "none: known by the platform's list of blocked accounts alone")
    _line(out, "Standing", _standing(standing), "yellow")
    for event in standing.events:
        _event(out, event, standing)
    for block in sheet.blocks:
        _block(out, block, standing)
    for proposal in sheet.proposals:
        _proposal(out, proposal)
    for word in sheet.words:
        _word(out, word)
    _comments(out, sheet, restricted)
    _line(
        out, "Sheet", f"{sheet.mark}   the mark of what is shown here; a block is asked for with --sheet {sheet.mark}"
    )
    if sheet.open_proposal is not None:
        _options(out, sheet)
    return out


def _standing(standing: Standing) -> str:
    if standing.exempt:
        return "an account of the city: what it does is recorded and never counted"
    clauses = ", ".join(f"{clause} {count}" for clause, count in standing.by_clause.items())
    says = f"{standing.total} of {standing.threshold} strikes count now" + (f": {clauses}" if clauses else "")
    appealed = standing.with_appeals - standing.total
    return says + (f"; {appealed} more under appeal" if appealed else "")


def _event(out: Text, event: Event, standing: Standing) -> None:
    _line(out, "Event", f"{event.first.said_at:%Y-%m-%d %H:%M} UTC  {event.says(standing.now)}")
    for strike in event.strikes:
        package = strike.package_id or "no evidence"
        what = f"case {strike.case_id} on {strike.page}, clause {strike.clause} ({strike.policy})"
        _line(out, "", f"{what}, weighs {strike.weight}, {strike.status}, {package}")


def _block(out: Text, block: Block, standing: Standing) -> None:
    way = f" by {block.way}" if block.way else ""
    until = f", until {block.until:%Y-%m-%d}" if block.until is not None else ""
    overdue = block.until is not None and block.until <= standing.now and block.status in blocks.DUE
    _line(out, "Block", f"{block.page}{way}: {block.status}{until}{' OVERDUE' * overdue}", "bold red")
    if block.status == BlockStatus.UNEXPLAINED:
        _line(out, "", "found in the platform's list; nobody recorded why. Explain it or lift it")
    people = " and ".join(each for each in (block.person, block.second) if each)
    if people:
        _line(out, "", f"{people}: {one_line(block.reason, _LONGEST)}")
    if block.lifted_by:
        _line(out, "", f"lifted by {block.lifted_by}: {one_line(block.lifted_because, _LONGEST)}")
    if block.because:
        _line(out, "", one_line(block.because, _LONGEST))


def _proposal(out: Text, row: Proposal) -> None:
    says = f"{row.number}: {row.status}, opened {row.opened_at:%Y-%m-%d} with {row.total} of {row.threshold} strikes"
    if row.closed_at is None:
        says += f", to be answered by {row.expires_at:%Y-%m-%d}"
    _line(out, "Proposal", says, "yellow")
    _line(
        out, "", f"a block takes {row.warnings} warnings, counsel's word and two people; {row.block_days} days at most"
    )
    if row.because:
        _line(out, "", row.because)


def _word(out: Text, word: AccountWord) -> None:
    given = f" on {word.given_on}, {one_line(word.how, 120)}" if word.given_on else ""
    who = f"{word.person} ({word.roles}; account {word.account})"
    says = f"{word.at:%Y-%m-%d %H:%M} UTC  {_SPOKEN.get(word.verb, word.verb)}{given} by {who}: "
    _line(out, "Record", says + one_line(word.reason, _LONGEST))


def _comments(out: Text, sheet: Sheet, restricted: Callable[[str], bool]) -> None:
    lawful = sum(1 for each in sheet.comments if each.case_id is None)
    out.append("\n")
    _line(out, "Comments", f"all {len(sheet.comments)} on the city's pages, {lawful} of them without any finding")
    for each in sheet.comments:
        case = f"  case {each.case_id}, {each.status}, {', '.join(each.clauses)}" if each.case_id else "  no finding"
        seen = each.visibility.replace("_", " ")
        _line(out, "", f"{each.posted_at:%Y-%m-%d %H:%M} UTC on {each.page}, {seen}{case}")
        out.append(f"            {_quoted(each, restricted)}\n")
    out.append("\n")


def _quoted(said: Said, restricted: Callable[[str], bool]) -> str:
    closed = said.case_id is not None and restricted(said.case_id)
    if said.case_id is not None and (closed or not said.may_be_quoted):
        return NOT_SHOWN.format(case=said.case_id)
    return harmless(" ".join(said.text.split()), _LONGEST) or NOT_KEPT


def _options(out: Text, sheet: Sheet) -> None:
    account = one_line(f"{sheet.account.platform}:{sheet.account.author_id}", 120)
    page = sheet.open_proposal.page if sheet.open_proposal else ""
    for number, text in enumerate(OPTIONS):
        _line(out, "" if number else "Options", text.format(account=account, page=page, mark=sheet.mark))


def _line(out: Text, label: str, value: str, style: str = "") -> None:
    out.append(f"{label:<10}", "dim")
    out.append(f"{harmless(value)}\n", style)
