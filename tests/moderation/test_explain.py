"""Verdicts and policies for people: what is shown, and what never reaches the terminal."""

from __future__ import annotations

import io

from rich.console import Console

from bot.moderation.explain import explain, marked
from bot.moderation.judge import Judge
from bot.moderation.pack import PolicyPack
from bot.moderation.policy import PolicyShelf, render
from bot.moderation.verdict import Item


def _shown(judge: Judge, pack: PolicyPack, text: str) -> str:
    out = io.StringIO()
    Console(file=out, width=100, color_system=None).print(explain(text, judge.judge(Item(text)), pack))
    return out.getvalue()


def test_the_matched_words_are_marked_and_the_clause_is_named(judge: Judge, pack: PolicyPack) -> None:
    """Clause, its summary, the reason and the words stand together."""
    shown = _shown(judge, pack, "What a f*ck, mayor")
    assert "Clause 3.4.3.A: Profane language or content." in shown
    assert 'Matched: "f*ck"' in shown
    text = marked("What a f*ck", judge.judge(Item("What a f*ck")))
    assert [text.plain[span.start : span.end] for span in text.spans if "reverse" in str(span.style)] == list("f*ck")


def test_control_characters_never_reach_the_terminal(judge: Judge, pack: PolicyPack) -> None:
    """Escape sequences, bidirectional marks and console markup are shown as text."""
    shown = _shown(judge, pack, "\x1b[31mred \u202ekcuf\u202c [bold]x[/bold] \x07 \ud800 shit")
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[U+001B]" in shown
    assert "[bold]x[/bold]" in shown
    shown.encode("utf-8")


def test_a_clear_comment_is_said_to_stay_up(judge: Judge, pack: PolicyPack) -> None:
    """Nothing found reads as nothing found."""
    assert "No rule finds anything. It stays up." in _shown(judge, pack, "Lovely parade")


def test_the_printed_policy_holds_every_word_phrase_and_host(pack: PolicyPack, shelf: PolicyShelf) -> None:
    """The complete answer to "what exactly is blocked?" (FA-02)."""
    printed = " ".join(render(pack, shelf.wordlists).split())
    assert pack.digest in printed
    for clause in pack.clauses:
        assert clause.summary in printed
    for name in pack.wordlists:
        for entry in shelf.wordlists.by_name[name].entries:
            assert str(entry) in printed
    for rule in pack.rules:
        assert f"[{rule.id}]" in printed
        for key in ("phrases", "beside", "unless", "unless_anywhere", "holding", "hosts", "channels"):
            given = rule.parameters.get(key) or ()
            assert isinstance(given, list | tuple)
            for each in given:
                assert " ".join(str(each).split()) in printed
