"""What law leaves to rules: which categories, which measures, and what names nothing. Pure; each answer is a sentence.

Sources: vagueness, Robinson v. Hunt County; viewpoint, Matal v. Tam; keyword lists for "off topic", PETA v. Tabak;
the matrix of categories in docs/judging.md.
"""

from __future__ import annotations

import re

from bot.mistakes import or_list
from bot.moderation.earned import LOWEST_FLOOR
from bot.moderation.pack import Clause, Rule
from bot.moderation.text import fold
from bot.moderation.verdict import EARNABLE, SIGNABLE, Measure

# Words of anger at officials. Blocking such words was held viewpoint discrimination (Tanner: pig, pigs, copper, jerk).
CRITICISM_TEXT = """
pig pigs copper jerk jerks corrupt crook crooks liar liars lies lying thief thieves clown clowns idiot idiots stupid
incompetent fascist fascists nazi nazis communist communists socialist tyrant dictator bully coward cowards traitor
resign recall shame disgrace disgraceful useless racist bigot damn hell mayor police cops cop council democrat
republican corrupto corrupta mentiroso mentirosa ladron ladrones payaso idiota inepto fascista ladrao
"""
CRITICISM = frozenset(CRITICISM_TEXT.split())

_VAGUE = frozenset(
    (
        *("inappropriate", "offensive", "derogatory", "rude", "disrespectful", "objectionable", "unacceptable"),
        *("abusive", "indecent", "improper", "unsuitable", "undesirable", "bad", "toxic", "harmful", "inflammatory"),
        *("inapropiado", "inapropiada", "ofensivo", "ofensiva", "inadequado", "inadequada"),
    )
)
_CONTEXTUAL = frozenset(("off_topic", "offtopic", "off-topic", "jurisdiction", "irrelevant"))
_VIEWS = frozenset(
    (
        *("negative", "negativity", "sentiment", "disagreement", "criticism", "dissent", "opposition", "anger"),
        *("tone", "attitude", "complaint", "complaints"),
    )
)
_COMPLAINTS = frozenset(
    (
        *("defamation", "defamatory", "libel", "slander", "falsehood", "false", "misinformation", "disinformation"),
        *("copyright", "trademark", "malicious"),
    )
)
_STOP_TEXT = """
a an and any are as at be been but by can could did do does for from get go had has have he her him his how i if in is
it its just me my no not of off on one or our out she so some than that the their them then there these they this those
to too up us was we were what when where which who will with would you your im youre
el la los las lo un una unos unas y o de del al en que es son con por para si se su sus mi tu te le les ha han hay mas
pero como este esta esto ese esa eso muy ya yo os as um uma e da dos das na nos nas ao pelo pela com nao seu sua meu
minha voce eu ele ela mais
"""
_STOP_WORDS = frozenset(_STOP_TEXT.split())
_OPTIONAL = re.compile(r"\[[^\[\]]*\]")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def why_not_category(rule: Rule, known: tuple[str, ...]) -> str | None:
    """Why no rule may be about this; ``known`` are the categories that may stand there."""
    category, name = rule.category, f'rule "{rule.id}"'
    if category in _VAGUE:
        return f'category "{category}" of {name} enumerates nothing; use one of {or_list(known)}.'
    if category in _CONTEXTUAL:
        return (
            f"{name} would tell by {rule.detector} what is off topic, which only the post can show; leave it to people."
        )
    if category in _VIEWS:
        return f'{name} would judge "{category}", which is a view and protected; take the rule out.'
    if category in _COMPLAINTS:
        what = f'{name} would tell what is "{category}", which takes a complaint and proof'
        return f'{what}; take it out and give its clause "judged_by: people".'
    if category not in known:
        return f'category "{category}" of {name} is unknown; use one of {or_list(known)}.'
    return None


def why_not_measure(rule: Rule) -> str | None:
    """Why a rule may not ask for what it asks for (issue of law: FA-04, FA-06; docs/judging.md)."""
    name = f'rule "{rule.id}"'
    if rule.measure is not Measure.HIDE:
        return None
    if rule.category not in SIGNABLE:
        return f'{name} asks to hide for "{rule.category}", which takes a person\'s judgement; use alert or review.'
    if rule.reads_scores and rule.category not in EARNABLE:
        what = f'{name} asks to hide for "{rule.category}" by a score, which can be earned for'
        return f"{what} {or_list(sorted(EARNABLE))} alone; use alert or review."
    return None


def why_not_floor(rule: Rule) -> str | None:
    """Why a rule may not have this floor."""
    if rule.floor is None:
        return None
    if not rule.reads_scores or rule.measure is not Measure.HIDE:
        return f'rule "{rule.id}" has a floor, which is for scores that may hide; take the floor out.'
    if not LOWEST_FLOOR <= rule.floor <= 1:
        what = f'the floor of rule "{rule.id}" is {rule.floor:g}'
        return f"{what}, and a score may hide from {LOWEST_FLOOR:g} to 1; write {LOWEST_FLOOR:g} or more."
    return None


def why_vague_phrase(phrase: str, rule: Rule) -> str | None:
    """Why a phrase names nothing: words that every comment has, or a word for how others feel about it."""
    said = _required_words(phrase)
    if said and all(word in _STOP_WORDS for word in said):
        what = f'the phrase "{phrase}" of rule "{rule.id}" holds only words that every comment has'
        return f"{what}; write words that name what the clause bars."
    if said and all(word in _STOP_WORDS or word in _VAGUE for word in said):
        what = f'the phrase "{phrase}" of rule "{rule.id}" names no kind of content'
        return f"{what}; write the very words that the clause bars."
    return None


def why_vague_clause(clause: Clause) -> str:
    """Why a clause can't be one that rules judge although none is written for it."""
    vague = next((word for word in _words(clause.summary) if word in _VAGUE), None)
    if vague:
        what = f'clause "{clause.id}" bars what is "{vague}", which enumerates nothing, and no rule says what that is'
    else:
        what = f'clause "{clause.id}" is judged by rules, and no rule cites it'
    return f'{what}; write a rule that names the words, or "judged_by: people" and why.'


def _required_words(phrase: str) -> list[str]:
    while (shorter := _OPTIONAL.sub(" ", phrase)) != phrase:
        phrase = shorter
    # A set or a beginning names something of its own; whether it does is asked of its members.
    return [] if "<" in phrase or "*" in phrase else [word for word in _words(phrase) if not word.isdigit()]


def _words(text: str) -> list[str]:
    return [word.replace("'", "") for word in _WORD.findall(fold(text).text)]
