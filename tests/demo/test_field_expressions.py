from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.demo.fields import Field, FieldSyntaxError, parse_fields, write_fields

names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
arguments = st.from_regex(r"[a-z0-9:+-]{0,8}", fullmatch=True)
modifiers = st.dictionaries(names, arguments, max_size=3)
fields = st.recursive(
    st.builds(Field, names, modifiers),
    lambda inner: st.builds(Field, names, modifiers, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    max_leaves=8,
)


def test_an_expression_is_read_with_its_modifiers_and_depths() -> None:
    """As the sweep writes it, spaces allowed."""
    parsed = parse_fields("id, comments.filter(stream).limit(50){ id,from{name} },message")

    assert parsed == (
        Field("id"),
        Field("comments", {"filter": "stream", "limit": "50"}, (Field("id"), Field("from", {}, (Field("name"),)))),
        Field("message"),
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(fields, min_size=1, max_size=4).map(tuple))
def test_what_is_written_is_read_the_same(wanted: tuple[Field, ...]) -> None:
    """So that a next address asks for what the first call asked for."""
    assert parse_fields(write_fields(wanted)) == wanted


@pytest.mark.parametrize(
    "expression", ["", "id,", "id,,name", "a{", "a{}", "a}", "a.limit", "a.limit(", "a.limit(5", "a b", "{id}", "1a"]
)
def test_a_broken_expression_is_refused(expression: str) -> None:
    """Never read as something else."""
    with pytest.raises(FieldSyntaxError):
        parse_fields(expression)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(expression: str) -> None:
    """No other error, and no endless reading."""
    with contextlib.suppress(FieldSyntaxError):
        assert parse_fields(write_fields(parse_fields(expression))) == parse_fields(expression)


def test_depth_is_bounded() -> None:
    """A thousand braces are refused and don't exhaust the stack."""
    with pytest.raises(FieldSyntaxError):
        parse_fields("a{" * 1000 + "a" + "}" * 1000)
