"""The day in Millbrook holds what the demo promises: every clause, both sides, nothing that reaches a real person."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML
from stdnum import luhn

import bot
from bot.demo.script import Script

DAY = Path(bot.__file__).parent / "demo" / "day"
PAGE = "page"

LAWFUL = {"praise", "criticism", "question", "joke", "talk", "idiom", "protected", "hostile", "page"}
KINDS = LAWFUL | {"twin", "violation", "raid", "flag", "people_only"}
PEOPLE_ONLY_CLAUSES = {"3.4.3.E", "3.4.3.H", "3.4.3.I", "3.4.3.J"}
CLAUSES = {f"3.4.3.{letter}" for letter in "ABCDEFGHIJKL"}
CLAUSES_A_MACHINE_MAY_ACT_ON = {"3.4.3.A", "3.4.3.D", "3.4.3.L"}

VOID_SSNS = {"042-10-3580", "141-18-6941", "212-09-9999"}
TEST_CARDS = {"4111111111111111", "5555555555554444"}
NO_CARDS = {"4111111111111112"}
TOWN_NUMBERS = {"0110", "0120", "0130", "0140"}
PLAIN_OBSCENITY = re.compile(r"\b(\w*fuck\w*|cunts?|assholes?|bullshit|hijos? de puta|a la mierda|ching\w+)\b", re.I)

HARSH_WORDS = (
    "corrupt", "liar", "resign", "damn", "hell", "crap", "pigs", "idiots", "clowns", "acab", "worst mayor ever",
    "you people are killing this town", "corruptos", "mentirosos", "renuncie", "ladrones",
)  # fmt: skip

Row = dict[str, Any]


def read(name: str) -> Any:
    return YAML(typ="safe").load((DAY / name).read_text("utf-8"))


@pytest.fixture(scope="module")
def posts() -> list[Row]:
    return cast(list[Row], read("posts.yaml"))


@pytest.fixture(scope="module")
def accounts() -> dict[str, Row]:
    return cast(dict[str, Row], read("accounts.yaml"))


@pytest.fixture(scope="module")
def comments() -> list[Row]:
    return cast(list[Row], read("comments.yaml"))


def words(comment: Row) -> str:
    if "text_repeat" in comment:
        return str(comment["text_repeat"]["text"] * comment["text_repeat"]["times"])
    return str(comment["text"])


def every_text(comments: list[Row]) -> list[str]:
    return [words(c) for c in comments] + [c["edit"]["text"] for c in comments if "edit" in c]


def expectations(comments: list[Row]) -> list[Row]:
    return [c["expect"] for c in comments] + [c["edit"]["expect"] for c in comments if "edit" in c]


def of_kind(comments: list[Row], kind: str) -> list[Row]:
    return [c for c in comments if c["expect"]["kind"] == kind]


def minute(clock: str) -> int:
    """Minutes since the midnight that begins today; negative for ``"-1d 16:00"``."""
    match = re.fullmatch(r"(?:-(\d)d )?([01]\d|2[0-3]):([0-5]\d)", clock)
    assert match, clock
    return int(match[2]) * 60 + int(match[3]) - int(match[1] or 0) * 24 * 60


def pairs(comments: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for comment in comments:
        if "twin" in comment:
            found[comment["twin"]].append(comment)
    return found


def test_every_comment_has_exactly_the_known_fields(comments: list[Row]) -> None:
    """A field nobody knows, or words given twice, would silently not be played."""
    needed = {"id", "at", "post", "by", "lang", "expect"}
    known = needed | {"text", "text_repeat", "reply_to", "edit", "deleted_at", "attachment", "twin"}
    for comment in comments:
        assert needed <= set(comment) <= known, comment["id"]
        assert ("text" in comment) != ("text_repeat" in comment), comment["id"]
        assert set(comment.get("edit", {})) in (set(), {"at", "text", "expect"}), comment["id"]


def test_every_expectation_is_complete_and_in_known_words(comments: list[Row]) -> None:
    """Kind, outcome, clauses and enumerable are there, for the first words and for edited ones."""
    for expect in expectations(comments):
        assert set(expect) == {"kind", "outcome", "clauses", "enumerable"}
        assert expect["kind"] in KINDS
        assert expect["outcome"] in {"clear", "review", "act"}
        assert set(expect["clauses"]) <= CLAUSES
        assert isinstance(expect["enumerable"], bool)


def test_ids_are_unique_and_follow_the_clock(comments: list[Row], posts: list[Row]) -> None:
    """c001 comes first and the file reads from morning to night."""
    assert [c["id"] for c in comments] == [f"c{n:03d}" for n in range(1, len(comments) + 1)]
    assert [minute(c["at"]) for c in comments] == sorted(minute(c["at"]) for c in comments)
    assert len({p["id"] for p in posts}) == len(posts)


def test_everything_named_is_defined(comments: list[Row], posts: list[Row], accounts: dict[str, Row]) -> None:
    """Posts and accounts exist, every account speaks, and no post is without comments."""
    assert {c["post"] for c in comments} == {p["id"] for p in posts}
    assert {c["by"] for c in comments} - {PAGE} == set(accounts)
    assert PAGE not in accounts


def test_the_town_can_play_the_day(comments: list[Row]) -> None:
    """The loader of the made-up town takes all three files as they are."""
    assert [c.text for c in Script.load(DAY).comments] == [words(c) for c in comments]


def test_a_reply_stands_below_a_top_level_comment_of_the_same_post(comments: list[Row]) -> None:
    """Threads are one level deep, as the platform shows them."""
    earlier: dict[str, Row] = {}
    for comment in comments:
        if "reply_to" in comment:
            parent = earlier[comment["reply_to"]]
            assert parent["post"] == comment["post"], comment["id"]
            assert "reply_to" not in parent, comment["id"]
        earlier[comment["id"]] = comment
    assert sum("reply_to" in c for c in comments) >= 30


def test_times_lie_in_the_day_and_in_order(comments: list[Row], posts: list[Row]) -> None:
    """A comment follows its post; an edit and a deletion follow the comment; all of it between 06:30 and 22:00."""
    posted = {p["id"]: minute(p["at"]) for p in posts}
    for comment in comments:
        at = minute(comment["at"])
        assert max(6 * 60 + 30, posted[comment["post"]]) <= at <= 22 * 60, comment["id"]
        for later in [comment.get("edit", {}).get("at"), comment.get("deleted_at")]:
            assert later is None or at < minute(later) <= 22 * 60, comment["id"]


def test_invisible_characters_are_written_as_escapes() -> None:
    """Whoever reads the file sees what is in it: no control, format or direction character stands there raw."""
    for name in ("posts.yaml", "accounts.yaml", "comments.yaml"):
        text = (DAY / name).read_text("utf-8")
        raw = {hex(ord(ch)) for ch in text if unicodedata.category(ch) in {"Cc", "Cf", "Co", "Cn"} and ch != "\n"}
        assert raw == set(), name


def test_lawful_comments_are_expected_to_stay_and_to_break_no_clause(comments: list[Row]) -> None:
    """Criticism, questions, idioms, hostile markup and the town's own words: nothing may find anything in them."""
    for expect in (e for e in expectations(comments) if e["kind"] in LAWFUL):
        assert (expect["outcome"], expect["clauses"], expect["enumerable"]) == ("clear", [], False)


def test_there_is_much_harsh_criticism_in_two_languages(comments: list[Row]) -> None:
    """Sixty and more, a fifth of it Spanish, and with the words that a timid filter would catch."""
    harsh = of_kind(comments, "criticism")
    assert len(harsh) >= 60
    assert sum(c["lang"] == "es" for c in harsh) >= len(harsh) / 5
    spoken = " ".join(words(c).lower() for c in harsh)
    assert [word for word in HARSH_WORDS if word not in spoken] == []


def test_nothing_expected_to_stay_holds_a_plain_obscenity(comments: list[Row]) -> None:
    """An expectation of "clear" over a listed word would be one nobody could defend."""
    for text, expect in zip(every_text(comments), expectations(comments), strict=True):
        assert expect["outcome"] != "clear" or not PLAIN_OBSCENITY.search(text), text


def test_twins_come_in_pairs_with_equal_expectations(comments: list[Row]) -> None:
    """The same words about the other side, party, official or group have the same fate."""
    found = pairs(comments)
    assert len(found) >= 20
    assert sum(one["lang"] == "es" for one, _ in found.values()) >= 5
    for name, (one, other) in found.items():
        assert one["expect"] == other["expect"], name
        assert one["expect"]["kind"] == "twin"
        assert one["lang"] == other["lang"]
        assert one["by"] != other["by"], name


def test_twins_differ_in_a_few_words_only(comments: list[Row]) -> None:
    """Same form: at most five words differ (Spanish agrees in gender four times over), and at least one does."""
    for name, (one, other) in pairs(comments).items():
        changes = difflib.SequenceMatcher(None, words(one).split(), words(other).split(), autojunk=False).get_opcodes()
        changed = sum(max(b - a, d - c) for kind, a, b, c, d in changes if kind != "equal")
        assert 1 <= changed <= 5, name


def test_some_twins_are_violations_so_that_both_sides_are_hidden_alike(comments: list[Row]) -> None:
    """Neutrality is shown on what is hidden and what is queued, not only on what stays."""
    fates = Counter(one["expect"]["outcome"] for one, _ in pairs(comments).values())
    assert fates["act"] >= 2
    assert fates["review"] >= 2
    assert fates["clear"] >= 15


def test_what_only_people_decide_is_never_asked_of_a_machine(comments: list[Row]) -> None:
    """Endorsement, defamation, ownership and false statements stay up until a person says otherwise."""
    for expect in expectations(comments):
        if expect["kind"] == "people_only":
            assert expect["outcome"] == "clear"
            assert set(expect["clauses"]) <= PEOPLE_ONLY_CLAUSES
            assert expect["clauses"]
        else:
            assert not set(expect["clauses"]) & PEOPLE_ONLY_CLAUSES


def test_every_clause_of_the_policy_is_met(comments: list[Row]) -> None:
    """3.4.3.A to L, and profanity in many spellings and both languages."""
    counted = Counter(clause for e in expectations(comments) for clause in e["clauses"])
    assert set(counted) == CLAUSES
    profane = [c for c in comments if "3.4.3.A" in c["expect"]["clauses"]]
    assert len(profane) >= 25
    assert sum(c["lang"] == "es" for c in profane) >= 6


def test_profanity_comes_plain_and_in_every_disguise(comments: list[Row]) -> None:
    """Stars, spaces, dots, stretching, digits; a foreign, a zero-width, wide, bold, struck and boxed letters."""
    profane = [words(c) for c in of_kind(comments, "violation") if c["expect"]["clauses"] == ["3.4.3.A"]]
    for disguise in ("fucking", "f*ck", "f u c k", "f.u.c.k", "fuuuu", "fuck1ng", "p*ta", "h i j u e p", "#Fuck",
                     "fu\u0441k", "fu\u200bck", "\uff46\uff55\uff43\uff4b", "\U0001d41f\U0001d42e", "f\u0336u",
                     "\U0001f175\U0001f184"):  # fmt: skip
        assert any(disguise in text for text in profane), disguise


def test_a_machine_acts_only_on_what_can_be_printed(comments: list[Row]) -> None:
    """Act means enumerable, and only profanity, spam and private numbers are."""
    for expect in expectations(comments):
        if expect["outcome"] == "act":
            assert expect["enumerable"]
            assert set(expect["clauses"]) & CLAUSES_A_MACHINE_MAY_ACT_ON
    assert {e["kind"] for e in expectations(comments) if e["outcome"] == "act"} == {"violation", "twin", "raid"}


def test_threats_harassment_and_discrimination_wait_for_a_person(comments: list[Row]) -> None:
    """None of B, C, F, G and K is acted on by machine unless a listed word stands beside it."""
    for expect in expectations(comments):
        if set(expect["clauses"]) & {"3.4.3.B", "3.4.3.C", "3.4.3.F", "3.4.3.G", "3.4.3.K"}:
            assert expect["outcome"] == "review"


def test_the_queue_gets_a_tip_a_cry_for_help_a_picture_and_unread_languages(comments: list[Row]) -> None:
    """Nobody broke the policy, and still a person has to look."""
    flags = of_kind(comments, "flag")
    assert all((c["expect"]["outcome"], c["expect"]["clauses"]) == ("review", []) for c in flags)
    assert {"pl", "ht", "zh"} <= {c["lang"] for c in flags}
    pictures = [c for c in flags if c.get("attachment") == {"kind": "photo"}]
    assert len(pictures) >= 2
    assert all(c["text"] == "" for c in pictures)
    spoken = " ".join(words(c) for c in flags)
    assert all(cry in spoken for cry in ("saw who broke into", "quién robó", "want to be alive", "quiero vivir"))


def test_the_raid_is_twenty_five_to_thirty_links_by_a_few_accounts_in_ten_minutes(comments: list[Row]) -> None:
    """What a flood looks like, in both languages."""
    raid = of_kind(comments, "raid")
    minutes = [minute(c["at"]) for c in raid]
    assert 25 <= len(raid) <= 30
    assert 6 <= len({c["by"] for c in raid}) <= 8
    assert max(minutes) - min(minutes) <= 10
    assert all("https://" in words(c) and c["expect"]["clauses"] == ["3.4.3.D"] for c in raid)
    assert {c["lang"] for c in raid} == {"en", "es"}


def test_one_account_breaks_the_policy_four_times_and_speaks_lawfully_besides(comments: list[Row]) -> None:
    """The repeat offender of 3.4.4; nobody else comes near."""
    broken = Counter(
        c["by"] for c in comments if c["expect"]["clauses"] and c["expect"]["kind"] in {"violation", "twin"}
    )
    ((offender, most), (_, second)) = broken.most_common(2)
    assert (offender, most) == ("rickd", 4)
    assert second <= 2
    lawful = [c for c in comments if c["by"] == offender and c["expect"]["kind"] in LAWFUL]
    assert len(lawful) >= 3
    times = [minute(c["at"]) for c in comments if c["by"] == offender and c["expect"]["outcome"] == "act"]
    assert all(later - earlier > 60 for earlier, later in pairwise(times))


def test_a_complaint_repeated_without_a_link_is_lawful(comments: list[Row]) -> None:
    """Repetition alone is no spam: the same plain words stand under four posts and stay."""
    repeated = [c for c in comments if words(c) == "SAVE MAIN STREET. OPEN ONE LANE."]
    assert len({c["post"] for c in repeated}) == 4
    assert {c["expect"]["outcome"] for c in repeated} == {"clear"}


def test_comments_are_edited_both_ways(comments: list[Row]) -> None:
    """Clean to abusive, abusive to clean, clean to clean; to a threat and to spam as well."""
    ways = {(c["expect"]["outcome"], c["edit"]["expect"]["outcome"]) for c in comments if "edit" in c}
    assert ways == {("clear", "act"), ("act", "clear"), ("clear", "clear"), ("clear", "review")}
    assert all(c["edit"]["text"] != words(c) for c in comments if "edit" in c)


def test_authors_delete_clean_and_abusive_comments(comments: list[Row]) -> None:
    """One of the abusive ones is gone within five minutes."""
    deleted = [c for c in comments if "deleted_at" in c]
    assert {c["expect"]["outcome"] for c in deleted} == {"clear", "review", "act"}
    abusive = [minute(c["deleted_at"]) - minute(c["at"]) for c in deleted if c["expect"]["outcome"] == "act"]
    assert min(abusive) <= 5


def test_anonymous_accounts_speak_lawfully_and_not(comments: list[Row], accounts: dict[str, Row]) -> None:
    """Evidence has to do without an identity, and a question without one is a question all the same."""
    hidden = {key for key, account in accounts.items() if account.get("anonymous")}
    assert {c["expect"]["outcome"] for c in comments if c["by"] in hidden} == {"clear", "review", "act"}


def test_accounts_are_many_and_differently_named(accounts: dict[str, Row]) -> None:
    """About 120 and more; some names are themselves hostile."""
    names = [account["name"] for account in accounts.values()]
    assert len(names) == len(set(names)) >= 120
    assert {"<b>Bold Bob</b>", "=SUM(A1:A9)", "<!everyone>"} <= set(names)


@pytest.mark.parametrize(
    "piece",
    ["<script>", "onerror=", "<!channel>", "@everyone", "*bold*", "=HYPERLINK(", "cmd|", "{{ 7 * 7 }}", "#read(",
     "\\input{", "\u202e", "\0", "\u001b[31m", "\u200f", "../../", "e" * 300, "\u0337\u0350", "⛄"],
)  # fmt: skip
def test_hostile_input_holds(piece: str, comments: list[Row]) -> None:
    """Markup, mentions, formulas, templates, direction and control characters, paths, long words, stacked marks."""
    assert any(piece in words(c) for c in of_kind(comments, "hostile"))


def test_lengths_run_from_nothing_to_sixty_thousand_characters(comments: list[Row]) -> None:
    """An empty text, one word, three paragraphs, and the longest that the platform takes."""
    texts = [words(c) for c in comments]
    assert max(map(len, texts)) == 60_000
    assert "" in texts
    assert "Shame." in texts
    assert any(text.count("\n\n") >= 2 for text in texts)


def test_about_a_quarter_is_spanish(comments: list[Row]) -> None:
    """A town of two languages, and two comments in Portuguese."""
    spoken = Counter(c["lang"] for c in comments)
    assert 0.20 <= spoken["es"] / len(comments) <= 0.30
    assert spoken["pt"] == 2
    assert 300 <= len(comments) <= 400


def test_telephone_numbers_are_from_the_range_kept_for_fiction(comments: list[Row], posts: list[Row]) -> None:
    """555-0100 to 555-0199; the town's published numbers are four of them and are expected to stay."""
    for text in every_text(comments) + [p["text"] for p in posts]:
        found = re.findall(r"203[-.) ]*555[- ]?(\d{4})", text)
        assert all(number.startswith("01") for number in found), text
        rest = re.sub(r"203-555-01\d\d|1203555\d{4}", "", text)
        assert not re.search(r"\b\d{3}[-. ]\d{3}[-. ]\d{4}\b", rest), text
    published = [c for c in comments for n in TOWN_NUMBERS if f"203-555-{n}" in words(c)]
    assert published
    assert all(c["expect"]["outcome"] == "clear" for c in published)


def test_social_security_numbers_are_void_ones_of_valid_form(comments: list[Row]) -> None:
    """Numbers that were made void after advertisements had printed them: right in form, nobody's."""
    found = {ssn for text in every_text(comments) for ssn in re.findall(r"\b\d{3}-\d{2}-\d{4}\b", text)}
    assert found - {"000-00-0000"} == VOID_SSNS
    owners = [c for c in comments if any(ssn in words(c) for ssn in VOID_SSNS)]
    assert all((c["expect"]["outcome"], c["expect"]["clauses"]) == ("act", ["3.4.3.L"]) for c in owners)


def test_card_numbers_are_test_numbers_with_a_true_check_digit(comments: list[Row]) -> None:
    """The networks' own test numbers; one permit number looks like a card and fails the check digit."""
    found = {
        re.sub(r"[ -]", "", card) for t in every_text(comments) for card in re.findall(r"\b(?:\d[ -]?){15}\d\b", t)
    }
    assert found == TEST_CARDS | NO_CARDS
    assert all(luhn.is_valid(card) for card in TEST_CARDS)
    assert not any(luhn.is_valid(card) for card in NO_CARDS)


def test_links_and_addresses_lead_nowhere_or_to_the_government(comments: list[Row]) -> None:
    """Reserved domains, .gov, and short links that were never made."""
    for text in every_text(comments):
        for host, path in re.findall(r"https?://([^\s/\"]+)/?([^\s\"]*)", text):
            harmless = host.rstrip(".").endswith((".example", ".gov"))
            never_made = host == "bit.ly" and path.startswith("beadle-demo-no-such-link")
            fiction = host == "wa.me" and path.startswith("120355501")
            assert harmless or never_made or fiction, host
        for domain in re.findall(r"[\w.]+@([\w-]+\.[\w.]*\w)", text):
            assert domain.endswith((".gov", ".example")), domain
