"""``beadle init``: what it asks, what it writes, and that it overwrites nothing."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.answers import QUESTIONS, Answers, Bounds
from bot.errors import ConfigError
from bot.pages import Known, Mode, load_pages
from bot.people import Role, load_people
from bot.settings import variables
from bot.setup import ENV, PAGES, PEOPLE, init, render_env, render_pages, render_people, write

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BOUNDS = Bounds(platforms=("facebook",), policies=("clinton-city",), account="jlee")
KNOWN = Known(BOUNDS.platforms, BOUNDS.policies, NOW, environ={"CLINTON_CITY_TOKEN": "a-token"})
EXAMPLE = Answers(
    city="Clinton City",
    timezone="America/New_York",
    policy="clinton-city",
    policy_url="",
    platform="facebook",
    page="clinton-city",
    page_id="100000000000001",
    token="env:CLINTON_CITY_TOKEN",
    slack_channel="",
    name="Social Media Coordinator",
    email="coordinator@clinton-city.example",
    role="coordinator",
    account="coordinator",
    person="coordinator",
)
NEEDED = {"city": "Clinton City", "page_id": "104", "name": "José Lee", "email": "jo.lee@clinton-city.example"}
SHIPPED = Path(__file__).parent.parent / "config"


class Conversation:
    """A person who answers in order, and the journal of what was asked and said."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.journal: list[str] = []

    def ask(self, question: str, default: str | None) -> str:
        self.journal.append(f"{question} [{default}]")
        return self.answers.pop(0)

    def echo(self, line: str) -> None:
        self.journal.append(line)


def test_the_answers_become_a_configuration_that_only_observes(tmp_path: Path) -> None:
    """It loads without a refusal, and nothing on the page would be changed."""
    talk = Conversation("Clinton City", "", "", "https://www.clinton.example/policy", "", "", "104", "", "#social",
                        "José Lee", "jo.lee@clinton-city.example", "supervisor", "", "")  # fmt: skip

    init(tmp_path, bounds=BOUNDS, now=NOW, ask=talk.ask, echo=talk.echo)

    pages = load_pages(tmp_path / PAGES, KNOWN)
    people = load_people(tmp_path / PEOPLE, pages.listed)
    page, (person,) = pages.find("clinton-city"), people.people
    assert (pages.refused, page.mode, page.auto_hide) == ((), Mode.OBSERVE, None)
    assert (page.page_id, page.slack_channel, str(page.token)) == ("104", "#social", "env:CLINTON_CITY_TOKEN")
    assert pages.city.policy_url == "https://www.clinton.example/policy"
    assert (person.id, person.name, person.roles, person.accounts) == (
        "jose-lee",
        "José Lee",
        frozenset({Role.SUPERVISOR}),
        frozenset({"jlee"}),
    )


def test_a_wrong_answer_gets_its_sentence_and_is_asked_again(tmp_path: Path) -> None:
    """The token that somebody pasted is not repeated."""
    given = {question.key: asdict(EXAMPLE)[question.key] for question in QUESTIONS}
    del given["timezone"], given["token"], given["role"]
    talk = Conversation("America/NewYork", "", "EAABwzLixnjYBOZC", "", "boss", "sma")

    init(tmp_path, bounds=BOUNDS, now=NOW, ask=talk.ask, echo=talk.echo, given=given)

    assert talk.journal[:9] == [
        "Its time zone [America/New_York]",
        'That is "America/NewYork", which is not a time zone of the IANA database; did you mean "America/New_York"?',
        "Its time zone [America/New_York]",
        "Where the page's token lies (env:NAME or file:PATH, never the token itself) [env:CLINTON_CITY_TOKEN]",
        "That holds something else than a place; take it out, make a new token if it was one, and write "
        "env:NAME_OF_A_VARIABLE or file:/path/to/a/file.",
        "Where the page's token lies (env:NAME or file:PATH, never the token itself) [env:CLINTON_CITY_TOKEN]",
        "Your role (sma, supervisor, records_custodian, chief_of_staff, counsel, city_clerk, coordinator) [sma]",
        'That is "boss"; write sma, supervisor, records_custodian, chief_of_staff, counsel, city_clerk or coordinator.',
        "Your role (sma, supervisor, records_custodian, chief_of_staff, counsel, city_clerk, coordinator) [sma]",
    ]
    assert not [line for line in talk.journal if "EAAB" in line]


def test_it_says_what_it_wrote_and_what_comes_next(tmp_path: Path) -> None:
    """The last lines of the conversation are things to do."""
    talk = Conversation()

    init(
        tmp_path,
        bounds=replace(BOUNDS, policies=()),
        now=NOW,
        ask=None,
        echo=talk.echo,
        given=NEEDED | {"policy": "own"},
    )

    assert talk.journal == [
        f"Wrote {tmp_path}/pages.yaml.",
        f"Wrote {tmp_path}/people.yaml.",
        f"Wrote {tmp_path}/beadle.env.",
        f"Put the policy into {tmp_path}/policies/own.yaml.",
        f"Put the page's token behind CLINTON_CITY_TOKEN= in {tmp_path}/beadle.env.",
        f"Then run `set -a; . {tmp_path}/beadle.env; set +a` and `beadle doctor`.",
        "The page is in observe: Beadle watches and tells, and changes nothing.",
    ]


def test_without_a_person_to_ask_the_defaults_fill_the_rest(tmp_path: Path) -> None:
    """Four things have none."""
    init(tmp_path, bounds=BOUNDS, now=NOW, ask=None, echo=lambda _: None, given=NEEDED)

    assert load_pages(tmp_path / PAGES, KNOWN).find("clinton-city").page_id == "104"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"page_id": None}, "--page-id is needed: The platform's own id of the page"),
        (
            {"timezone": "Mars"},
            '--timezone is "Mars", which is not a time zone of the IANA database; write one such as America/New_York.',
        ),
        ({"policy": "clinton"}, '--policy is "clinton"; write clinton-city.'),
    ],
)
def test_an_option_that_is_missing_or_wrong_is_one_sentence(
    tmp_path: Path, given: dict[str, str | None], expected: str
) -> None:
    """It names the option, and nothing is written."""
    options = {key: value for key, value in (NEEDED | given).items() if value is not None}

    with pytest.raises(ConfigError) as raised:
        init(tmp_path, bounds=BOUNDS, now=NOW, ask=None, echo=lambda _: None, given=options)

    assert raised.value.sentence == expected
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [PAGES, PEOPLE, ENV])
def test_a_file_that_is_there_stops_it_before_the_first_question(tmp_path: Path, name: str) -> None:
    """Nothing is overwritten, and nothing is written beside it."""
    (tmp_path / name).write_text("mine")
    talk = Conversation()

    with pytest.raises(ConfigError) as raised:
        init(tmp_path, bounds=BOUNDS, now=NOW, ask=talk.ask, echo=talk.echo)

    assert raised.value.sentence == (
        f"already there: {tmp_path}/{name}; nothing was written. Mend what is there, or give `beadle init` "
        "another folder."
    )
    assert (talk.journal, [path.name for path in tmp_path.iterdir()]) == ([], [name])
    assert (tmp_path / name).read_text() == "mine"


def test_a_file_that_came_while_it_asked_is_not_overwritten_either(tmp_path: Path) -> None:
    """Two people may set up the same town."""
    (tmp_path / PEOPLE).write_text("theirs")

    with pytest.raises(ConfigError, match="already there"):
        write(tmp_path, EXAMPLE, BOUNDS, NOW)

    assert [path.name for path in tmp_path.iterdir()] == [PEOPLE]
    assert (tmp_path / PEOPLE).read_text() == "theirs"


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """Here a file stands where the folder should be made."""
    (tmp_path / "config").write_text("not a folder")

    with pytest.raises(ConfigError, match=r"/config/new can't be written \(Not a directory\); give this account"):
        write(tmp_path / "config" / "new", EXAMPLE, BOUNDS, NOW)


def test_the_environment_file_is_private_from_its_first_byte(tmp_path: Path) -> None:
    """Tokens will stand in it."""
    init(tmp_path, bounds=BOUNDS, now=NOW, ask=None, echo=lambda _: None, given=NEEDED)

    assert (tmp_path / ENV).stat().st_mode & 0o777 == 0o600
    assert f"BEADLE_CONFIG={tmp_path}\n" in (tmp_path / ENV).read_text()


@pytest.mark.parametrize(
    "city",
    [
        "Cañon City",
        "St. John's: East",
        '"Quoted" #1',
        "No",
        "1234",
        "- item",
        "{{ 7*7 }}",
        "a: b",
        "&anchor *alias !tag",
        "\\u202e",
    ],
)
def test_any_name_of_a_city_arrives_as_it_was_given(tmp_path: Path, city: str) -> None:
    """Whatever YAML or a template would make of it bare."""
    given = NEEDED | {"city": city, "page": "town"}

    init(tmp_path, bounds=BOUNDS, now=NOW, ask=None, echo=lambda _: None, given=given)

    assert load_pages(tmp_path / PAGES, KNOWN, read_tokens=False).city.name == city


def test_a_token_in_a_file_is_named_with_its_path(tmp_path: Path) -> None:
    """Then no line waits for it in the environment file."""
    talk = Conversation()

    init(tmp_path, bounds=BOUNDS, now=NOW, ask=None, echo=talk.echo, given=NEEDED | {"token": "file:./town.token"})

    assert f"Put the page's token into {tmp_path}/town.token and `chmod 600` it." in talk.journal
    assert "_TOKEN=\n" not in (tmp_path / ENV).read_text()


def test_the_shipped_examples_are_what_init_writes_for_the_example_town() -> None:
    """One text to keep: the templates."""
    assert (SHIPPED / "pages.yaml").read_text() == render_pages(EXAMPLE)
    assert (SHIPPED / "people.yaml").read_text() == render_people(EXAMPLE)
    assert (SHIPPED / "env.example").read_text() == render_env(None, None)


def test_the_shipped_examples_can_be_loaded() -> None:
    """With the token in the variable that they name, and in observe."""
    pages = load_pages(SHIPPED / "pages.yaml", KNOWN)

    assert pages.refused == ()
    assert [(page.slug, page.mode) for page in pages.pages] == [("clinton-city", Mode.OBSERVE)]
    assert [p.id for p in load_people(SHIPPED / "people.yaml", pages.listed).digest_recipients()] == ["coordinator"]


def test_the_examples_in_remarks_work_when_the_remark_is_lifted(tmp_path: Path) -> None:
    """What a person uncomments must be right."""
    for name, lines in (("pages.yaml", 7), ("people.yaml", 9)):
        text = (SHIPPED / name).read_text()
        lifted = [_lifted(line) for line in text.splitlines()]
        assert sum(a != b for a, b in zip(lifted, text.splitlines(), strict=True)) == lines
        (tmp_path / name).write_text("\n".join(lifted) + "\n")

    pages = load_pages(tmp_path / "pages.yaml", KNOWN)
    people = load_people(tmp_path / "people.yaml", pages.listed)

    assert pages.refused == ()
    assert pages.find("clinton-city").auto_hide is not None
    assert [person.id for person in people.people] == ["coordinator", "clerk"]


def _lifted(line: str) -> str:
    """A remark that is a key with a value, or the beginning of a list, without its mark."""
    bare = line.lstrip()
    keys = ("policy_url:", "auto_hide:", "  categories:", "  signed_", "slack_channel:", "public_hosts:", "- id:")
    people = ("  name:", "  email:", "  roles:", "  pages:", "  accounts:", "  slack_id:", "  digest:", "  training:")
    is_key = bare.startswith("# ") and line.startswith("  ") and bare[2:].startswith((*keys, *people))
    return line.replace("# ", "", 1) if is_key else line


def test_the_example_environment_names_every_variable_once() -> None:
    """And none that Beadle would refuse."""
    lines = (SHIPPED / "env.example").read_text().splitlines()
    named = [line.removeprefix("# ").split("=")[0] for line in lines if "BEADLE_" in line.split("=")[0] and "=" in line]

    assert sorted(named) == sorted(variables())


def test_where_each_city_has_its_own_server_its_address_is_asked_for(tmp_path: Path) -> None:
    """And written; the pace is the platform's own. Elsewhere the question isn't asked."""
    given = {"city": "Clinton City", "platform": "wordpress", "page_id": "blog", "name": "Pat", "email": "p@c.example"}
    bounds = replace(BOUNDS, platforms=("facebook", "wordpress"))
    with pytest.raises(ConfigError, match="--base-url is needed"):
        init(tmp_path / "a", bounds=bounds, now=NOW, ask=None, echo=lambda _: None, given=given)

    given["base_url"] = "https://blog.example.gov"
    init(tmp_path / "b", bounds=bounds, now=NOW, ask=None, echo=lambda _: None, given=given)
    known = replace(KNOWN, platforms=bounds.platforms)
    (page,) = load_pages(tmp_path / "b" / "pages.yaml", known, read_tokens=False).pages
    assert (page.platform, page.base_url) == ("wordpress", "https://blog.example.gov")


def test_a_platform_that_somebody_has_to_sign_for_is_no_first_page(tmp_path: Path) -> None:
    """A signature isn't given to a program's question."""
    bounds = replace(BOUNDS, platforms=("facebook", "x"))
    with pytest.raises(ConfigError, match='--platform is "x", which somebody has to sign for'):
        init(tmp_path, bounds=bounds, now=NOW, ask=None, echo=lambda _: None, given={"city": "C", "platform": "x"})
