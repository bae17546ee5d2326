"""people.yaml: who there is, who gets the digest, and who may act from which account."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import ConfigError, NotAllowed
from bot.people import People, load_people, who_acts

PAGES = ("town", "library")
TWO = """\
people:
  - id: dana
    name: Dana Reyes
    email: dana.reyes@millbrook.example
    roles: [sma, coordinator]
    pages: all
    accounts: [dreyes]
    slack_id: U01
  - id: sam
    name: Sam Ito
    email: sam.ito@millbrook.example
    roles: [city_clerk]
    pages: [library]
    accounts: [sito, clerk]
"""

Load = Callable[[str], People]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load a text as config/people.yaml, from the folder above."""
    monkeypatch.chdir(tmp_path)
    Path("config").mkdir()

    def from_text(text: str) -> People:
        path = Path("config/people.yaml")
        path.write_text(text, encoding="utf-8")
        return load_people(path, PAGES)

    return from_text


def test_people_are_found_by_id_and_by_account(load: Load) -> None:
    """Each leads to one person or to nobody."""
    people = load(TWO)

    dana = people.find("dana")
    assert dana is not None
    assert (people.by_account("dreyes"), dana.slack_id) == (dana, "U01")
    assert (people.find("x"), people.by_account("x")) == (None, None)


def test_a_person_looks_after_all_pages_or_those_named(load: Load) -> None:
    """``all`` includes pages that come later."""
    people = load(TWO)

    dana, sam = people.people
    assert dana.has("town")
    assert dana.has("a-later-page")
    assert sam.has("library")
    assert not sam.has("town")


def test_the_digest_goes_to_the_offices_that_watch_over_the_sites(load: Load) -> None:
    """Without a word about it: coordinator and chief of staff, nobody else."""
    assert [p.id for p in load(TWO).digest_recipients()] == ["dana"]
    assert [p.id for p in load(TWO.replace("city_clerk", "chief_of_staff")).digest_recipients()] == ["dana", "sam"]


def test_who_keeps_the_records_is_told_of_checkpoints_unless_the_digest_tells_it(load: Load) -> None:
    """Clerk and custodian, and nobody else; not twice."""
    reads_it = TWO.replace("    pages: [", "    digest: true\n    pages: [")

    found = [[each.id for each in load(text).keepers()] for text in (TWO, reads_it)]
    found.append([each.id for each in load(TWO.replace("city_clerk", "records_custodian")).keepers()])
    found.append([each.id for each in load(TWO.replace("city_clerk", "counsel")).keepers()])

    assert found == [["sam"], [], ["sam"], []]


def test_the_digest_can_be_asked_for_and_declined(load: Load) -> None:
    """The file's word goes before the office's default."""
    text = TWO.replace("    pages: all", "    pages: all\n    digest: false").replace(
        "    pages: [", "    digest: true\n    pages: ["
    )

    assert [p.id for p in load(text).digest_recipients()] == ["sam"]


def test_a_person_acts_from_an_account_of_theirs(load: Load) -> None:
    """By name, or by the account alone."""
    people = load(TWO)

    assert who_acts(people, "sam", "clerk").id == "sam"
    assert who_acts(people, None, "sito").id == "sam"


@pytest.mark.parametrize(
    ("as_id", "account", "expected"),
    [
        (
            "dana",
            "sito",
            'the account "sito" of this machine is not among those of "dana" in people.yaml; sign in with your own '
            "account, or have it added there.",
        ),
        ("dnaa", "dreyes", 'there is no "dnaa" in people.yaml; did you mean "dana"?'),
        ("zzz", "dreyes", 'there is no "zzz" in people.yaml; the ids are: dana, sam.'),
        (
            None,
            "root",
            'the account "root" of this machine belongs to nobody in people.yaml; add it under "accounts".',
        ),
    ],
)
def test_nobody_acts_in_anothers_name(load: Load, as_id: str | None, account: str, expected: str) -> None:
    """Not even root: a decision is a named person's."""
    with pytest.raises(NotAllowed) as raised:
        who_acts(load(TWO), as_id, account)

    assert raised.value.sentence == expected


def test_a_person_without_an_account_cannot_act_on_this_machine(load: Load) -> None:
    """They may still be mailed the digest or press buttons in Slack."""
    people = load(TWO.replace("    accounts: [dreyes]\n", ""))

    with pytest.raises(NotAllowed):
        who_acts(people, "dana", "dreyes")


MISTAKES = [
    (
        "an office that nobody has",
        ("[city_clerk]", "[clerk]"),
        '12: "roles" of a person holds "clerk"; write sma, supervisor, records_custodian, chief_of_staff, counsel, '
        'city_clerk or coordinator (did you mean "city_clerk"?).',
    ),
    ("no office", ("[city_clerk]", "[]"), '12: "roles" of a person is an empty list; write at least one.'),
    (
        "an id twice",
        ("id: sam", "id: dana"),
        '9: a person "dana" stands above already; give this one another id.',
    ),
    (
        "an account of two people",
        ("[sito, clerk]", "[sito, dreyes]"),
        '14: the account "dreyes" belongs to "dana" already; an account is one person\'s.',
    ),
    (
        "a Slack member of two people",
        ("[sito, clerk]", "[sito]\n    slack_id: U01"),
        '15: the Slack member "U01" is "dana" already; a member is one person.',
    ),
    (
        "a page that isn't there",
        ("[library]", "[library, tonw]"),
        '13: there is no page "tonw"; did you mean "town"?',
    ),
    (
        "no page",
        ("[library]", "[]"),
        '13: "pages" of a person must be all, or a list of page slugs, for example pages: [main-page].',
    ),
    (
        "a page without a list",
        ("[library]", "library"),
        '13: "pages" of a person must be all, or a list of page slugs, for example pages: [main-page].',
    ),
    (
        "a mail address without a domain",
        ("sam.ito@millbrook.example", "sam.ito"),
        '11: "email" of a person is "sam.ito", which is not an e-mail address; write one like clerk@town.gov.',
    ),
    (
        "two mail addresses in one",
        ("sam.ito@millbrook.example", "a@b.example, c@d.example"),
        '11: "email" of a person is "a@b.example, c@d.example", which is not an e-mail address; '
        "write one like clerk@town.gov.",
    ),
    (
        "a mail address that carries a header",
        ("sam.ito@millbrook.example", '"sam@b.example\\nBcc: c@d.example"'),
        '11: "email" of a person is "sam@b.example[U+000A]Bcc: c@d.example", which is not an e-mail address; '
        "write one like clerk@town.gov.",
    ),
    (
        "a name that turns the line around",
        ("Sam Ito", '"Sam\\u202Eotl"'),
        '10: "name" of a person is "Sam[U+202E]otl"; write one line of at most 120 visible characters.',
    ),
    (
        "a mistyped key",
        ("accounts: [sito, clerk]", "acounts: [sito]"),
        '14: "acounts" is not a key of a person; did you mean "accounts"?',
    ),
    (
        "an account that YAML takes for a number",
        ("[sito, clerk]", "[1001]"),
        '14: "accounts" of a person holds a bare number; write a list of accounts of this machine, '
        "for example accounts: [jlee].",
    ),
    (
        "nobody",
        (TWO[TWO.index("  - id") :], ""),
        '1: "people" must be a list of at least one person, each begun by "- id: ...".',
    ),
    ("another key of the file", ("people:", "staff:"), '1: "staff" is not a key of the file; the only key is people.'),
]


@pytest.mark.parametrize(("change", "expected"), [(c, e) for _, c, e in MISTAKES], ids=[n for n, _, _ in MISTAKES])
def test_a_mistake_among_the_people_is_one_sentence_with_its_line(
    load: Load, change: tuple[str, str], expected: str
) -> None:
    """It stops everything: who may decide must be certain."""
    assert change[0] in TWO

    with pytest.raises(ConfigError) as raised:
        load(TWO.replace(*change, 1))

    assert raised.value.sentence == f"config/people.yaml:{expected}"
