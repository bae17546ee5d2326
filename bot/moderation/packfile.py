"""The shape of a policy pack's file. What may stand where; whether it makes sense is asked in ``scrutiny``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, Field
from pydantic_core import ErrorDetails

from bot.mistakes import Shape
from bot.moderation.pack import Binds, JudgedBy
from bot.moderation.verdict import Item
from bot.people import Role

_Text = Annotated[str, Field(min_length=1)]
_Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]


class ClauseShape(Shape):
    """One clause, in one line of our own."""

    noun: ClassVar[str] = "a clause"
    id: _Text = Field(description="the clause's number in quotes", examples=['"3.4.3.A"'])
    summary: _Text = Field(description="one line that says what the clause is about")
    judged_by: JudgedBy = "rules"
    why: str = Field("", description="why no rule judges it")


class ExampleShape(Shape):
    """An example that is more than its text: a language, copies, a picture."""

    noun: ClassVar[str] = "an example"
    text: str = Field(description="the comment's text in quotes")
    lang: str | None = Field(None, description="a language", examples=["pt"])
    copies: int = Field(0, description="a number of earlier copies", examples=["3"])
    has_media: bool = Field(False, description="true or false")


class ExceptionShape(Shape):
    """What a rule leaves alone, in the policy's words and in phrases."""

    noun: ClassVar[str] = "an exception"
    says: _Text = Field(
        description="the words of the policy", examples=["other than expressions of appreciation for sponsorship"]
    )
    unless: tuple[str, ...] = Field((), description="a list of phrases that clear the match they overlap")
    unless_anywhere: tuple[str, ...] = Field((), description="a list of phrases that clear the whole comment")


class LibraryShape(Shape):
    """One entry of the rule library: what is looked for and its tests, without a clause or a consequence."""

    noun: ClassVar[str] = "an entry of the rule library"
    category: str = Field(description="what the rule is about", examples=["profanity"])
    detector: str = Field(description="a detector", examples=["word_list"])
    draws: tuple[_Text, ...] = Field((), description="a list of parts of the library", examples=["[groups@1]"])
    parameters: Mapping[str, Any] = Field(default_factory=dict, description="the detector's parameters")
    reason: _Text = Field(description="the sentence that people read")
    violates: tuple[str | ExampleShape, ...] = Field(description="a list of comments that the rule must find")
    allowed: tuple[str | ExampleShape, ...] = Field(description="a list of comments that the rule must not find")


class PartShape(Shape):
    """A part that entries of the rule library draw on, so that no list is written twice: sets, and what clears."""

    noun: ClassVar[str] = "a part of the rule library"
    part: _Text = Field(description="a sentence that says what the part is")
    parameters: Mapping[str, Any] = Field(description="the parameters that it adds to those of the rule")


class RuleShape(Shape):
    """One rule or flag: its clause, its consequence, and what it looks for, or the library's entry that says so."""

    noun: ClassVar[str] = "a rule"
    id: _Slug = Field(description="a name in small letters and hyphens", examples=["obscene-words"])
    clause: str = Field("", description="the clause that the rule serves", examples=['"3.4.3.A"'])
    uses: str = Field("", description="an entry of the rule library", examples=["obscene-words@1"])
    category: str = Field("", description="what the rule is about", examples=["profanity"])
    applies_to: Binds = Field("public", description="public, staff or both")
    detector: str = Field("", description="a detector", examples=["word_list"])
    parameters: Mapping[str, Any] = Field(default_factory=dict, description="the detector's parameters")
    exceptions: tuple[ExceptionShape, ...] = Field((), description="a list of exceptions, each with says and phrases")
    measure: Literal["alert", "review", "hide"] = Field(description="alert, review or hide")
    floor: float | None = Field(
        None, description="the precision from which a score may hide, 0.95 to 1", examples=["0.97"]
    )
    strikes: int = Field(0, ge=0, le=3, description="how many strikes a confirmed violation counts, 0 to 3")
    urgent: bool = Field(False, description="true or false")
    reason: str = Field("", description="the sentence that people read")
    violates: tuple[str | ExampleShape, ...] = Field((), description="a list of comments that the rule must find")
    allowed: tuple[str | ExampleShape, ...] = Field((), description="a list of comments that the rule must not find")


class ModelShape(Shape):
    """The weights that the policy's score rules read."""

    noun: ClassVar[str] = "a model"
    name: _Text = Field(description="a file of config/models without .npz", examples=["civic@1"])
    digest: _Text = Field(description="the SHA-256 of that file, as `beadle policy pin` writes it")


class StrikesShape(Shape):
    """When repeated violations are put before a person."""

    noun: ClassVar[str] = "strikes"
    threshold: int = Field(3, ge=2, description="how many confirmed violations are put before a person", examples=["3"])
    window_days: int = Field(365, ge=1, description="a number of days", examples=["365"])
    merge_minutes: int = Field(60, ge=0, description="a number of minutes", examples=["60"])
    warnings: int = Field(3, ge=1, le=10, description="how many warnings come before a block, 1 to 10", examples=["3"])
    block_days: int = Field(365, ge=1, le=365, description="the most days that a block lasts", examples=["180"])


class TwoPeopleShape(Shape):
    """Who asks for what can't be undone, and who approves it."""

    noun: ClassVar[str] = "two people"
    asks: tuple[Role, ...] = Field((), description="a list of roles", examples=["[supervisor]"])
    seconds: tuple[Role, ...] = Field((), description="a list of roles", examples=["[chief_of_staff]"])


class AuthorityShape(Shape):
    """Whom the policy trusts with what."""

    noun: ClassVar[str] = "an authority"
    training: tuple[_Slug, ...] = Field(
        (), description="a list of topics, in small letters", examples=["[first-amendment]"]
    )
    retrain_days: int = Field(730, ge=30, description="a number of days", examples=["730"])
    remove: TwoPeopleShape = TwoPeopleShape()
    block: TwoPeopleShape = TwoPeopleShape()
    promote: TwoPeopleShape = TwoPeopleShape()


class ReasonShape(Shape):
    """One reason that people may give for a decision."""

    noun: ClassVar[str] = "a reason"
    id: _Slug = Field(description="a name in small letters and hyphens", examples=["off-purview"])
    says: _Text = Field(description="the reason in a sentence")


class ReasonsShape(Shape):
    """For each kind of decision, the reasons that whoever decides must choose from."""

    noun: ClassVar[str] = "the reasons"
    keep: tuple[ReasonShape, ...] = Field((), description="a list of reasons, each with id and says")
    hide: tuple[ReasonShape, ...] = Field((), description="a list of reasons, each with id and says")
    restore: tuple[ReasonShape, ...] = Field((), description="a list of reasons, each with id and says")
    remove: tuple[ReasonShape, ...] = Field((), description="a list of reasons, each with id and says")


class PackShape(Shape):
    """A whole pack."""

    noun: ClassVar[str] = "a policy"
    slug: _Slug = Field(description="a name in small letters and hyphens", examples=["clinton-city"])
    title: _Text = Field(description="the policy's title")
    city: str | None = Field(None, description="the city's name")
    version: _Text = Field(description="a version in quotes", examples=['"2024-01"'])
    adopted_on: date = Field(description="a date", examples=["2024-01-08"])
    effective_at: AwareDatetime = Field(
        description="a time with its zone in quotes", examples=['"2024-01-08T00:00:00-05:00"']
    )
    published: _Text = Field(description="where the city's own text is found")
    forum_purpose: _Text = Field(description="what the page is for, in a sentence")
    strikes: StrikesShape = StrikesShape()
    authority: AuthorityShape = AuthorityShape()
    reasons: ReasonsShape = ReasonsShape()
    wordlists: Mapping[str, str] = Field(default_factory=dict, description="each list with the SHA-256 of its file")
    library: Mapping[str, str] = Field(
        default_factory=dict, description="each entry of the rule library with the SHA-256 of its file"
    )
    model: ModelShape | None = Field(None, description="name and digest of the model")
    clauses: tuple[ClauseShape, ...] = Field(min_length=1, description="a list of clauses")
    rules: tuple[RuleShape, ...] = Field(description="a list of rules")
    flags: tuple[RuleShape, ...] = Field((), description="a list of flags, written as rules")


def item_of(example: str | ExampleShape) -> Item:
    """An example as the judge is given it."""
    if isinstance(example, str):
        return Item(example)
    return Item(example.text, lang=example.lang, copies=example.copies, has_media=example.has_media)


def without_choice(detail: ErrorDetails) -> ErrorDetails:
    """A mistake in an example, placed where it is written: not at the kind of example that was tried."""
    loc = tuple(step for step in detail["loc"] if step not in {"str", "ExampleShape"})
    return {**detail, "loc": loc}
