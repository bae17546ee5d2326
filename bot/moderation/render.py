"""Everything that a policy blocks, as text: the complete answer to "what exactly is blocked?" (FA-02)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from bot.moderation.judge import detector_of
from bot.moderation.pack import Clause, PolicyPack, Rule
from bot.moderation.verdict import SIGNABLE, Measure
from bot.moderation.wordlists import WordLists
from bot.people import Role

_WIDTH = 110
_JUDGED_BY = {
    "rules": "judged by the rules below, and by people",
    "people": "judged by people alone",
    "records": "governs how the city works",
}
_MEASURE = {
    Measure.ALERT: "people are alerted",
    Measure.REVIEW: "a person reviews it",
    Measure.HIDE: "may be hidden at once where the city signed for it, otherwise a person reviews it",
}
_LEARNED = (
    "Who decides: only people who had this training in the last {days} days: {topics}; and who acknowledged version"
    " {version} of this policy."
)
_TWO_PEOPLE = (("A removal", "remove"), ("A block", "block"), ("Letting a rule act alone", "promote"))
_BINDS = {"public": "visitors' comments", "staff": "the city's own posts", "both": "visitors and the city alike"}


def render(pack: PolicyPack, wordlists: WordLists) -> str:
    """The policy, its clauses, and every rule with every word, phrase, number and host that it looks for."""
    return "\n".join(_lines(pack, wordlists)) + "\n"


def _lines(pack: PolicyPack, wordlists: WordLists) -> Iterator[str]:
    yield pack.title
    yield "=" * len(pack.title)
    yield from _paragraph(
        f"Policy {pack.slug}, version {pack.version}, adopted {pack.adopted_on}, in force from"
        f" {pack.effective_at:%Y-%m-%d %H:%M} UTC. SHA-256 of its file: {pack.digest}."
    )
    yield from _paragraph(f"City's own text: {pack.published}")
    yield from _paragraph(f"Purpose of the page: {pack.forum_purpose}")
    yield from _paragraph(
        "What no rule below finds stays up without anybody being alerted. Only these categories may be"
        f" hidden without a person first: {', '.join(sorted(SIGNABLE))}."
    )
    if pack.model:
        yield from _paragraph(
            f"Scores come from the model {pack.model.name} (sha256 {pack.model.digest}). What it looks for can't be"
            " printed; a score asks a person to look, and hides nothing that it has not earned on people's decisions."
        )
    yield from _people(pack)
    yield from ("", "Clauses", "-------")
    for clause in pack.clauses:
        yield from _clause(clause)
    for title, flags in (("Rules", False), ("Flags: nothing is alleged, a person is asked to look", True)):
        yield from ("", title, "-" * len(title))
        for rule in pack.rules:
            if rule.is_flag is flags:
                yield from _rule(rule, pack, wordlists)


def _people(pack: PolicyPack) -> Iterator[str]:
    """Whom the policy trusts with what, and the reasons that they choose from."""
    authority = pack.authority
    yield from ("", "People", "------")
    topics = ", ".join(authority.training) or "none named"
    yield from _paragraph(_LEARNED.format(topics=topics, days=authority.retrain_days, version=pack.version))
    for what, verb in _TWO_PEOPLE:
        circle = authority.of(verb)
        if circle is not None:
            asks, seconds = _roles(circle.asks), _roles(circle.seconds)
            yield from _paragraph(f"{what} takes two people: asked for by {asks}; approved by {seconds}.")
    for verb, codes in pack.reasons.items():
        yield from _paragraph(f"Whoever decides to {verb} chooses one of these reasons:")
        for code in codes:
            yield from _paragraph(f"    {code.id}: {code.says}", "      ")


def _roles(roles: frozenset[Role]) -> str:
    return ", ".join(sorted(roles)) or "whoever may by their office"


def _clause(clause: Clause) -> Iterator[str]:
    why = f" {clause.why}" if clause.why else ""
    yield from _paragraph(f"{clause.id}  {clause.summary} ({_JUDGED_BY[clause.judged_by]}.{why})", "    ")


def _rule(rule: Rule, pack: PolicyPack, wordlists: WordLists) -> Iterator[str]:
    yield ""
    urgent = ", urgently" if rule.urgent else ""
    yield from _paragraph(
        f"[{rule.id}] clause {rule.clause}, {rule.category}; {_BINDS[rule.applies_to]};"
        f" {_measure(rule)}{urgent}; strikes: {rule.strikes}",
        "    ",
    )
    if rule.uses:
        for name in (rule.uses, *rule.draws):
            yield from _paragraph(f"    From the rule library: {name} (sha256 {pack.library[name]})", "    ")
    yield from _paragraph(f"    {rule.reason}", "    ")
    for line in detector_of(rule, wordlists).describe():
        yield from _paragraph(f"    {line}", "      " + " " * (len(line) - len(line.lstrip())))


def _measure(rule: Rule) -> str:
    if rule.floor is None:
        return _MEASURE[rule.measure]
    return (
        "a person reviews it; may be hidden at once, where the city signed for it, once people agreed with it in"
        f" {rule.floor:.1%} of its cases, at the lower end of what chance allows"
    )


def _paragraph(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
