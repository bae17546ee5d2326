"""Where a secret lies, and how carefully it is read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.tokens import Token, read_secret, secret_parts


def secret_file(path: Path, content: bytes = b"a-token\n", mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_token_is_read_from_the_variable_named(tmp_path: Path) -> None:
    """Spaces and line ends that came along are not part of it."""
    token = Token.at("env:TOWN_TOKEN", tmp_path)

    assert token.get_secret_value({"TOWN_TOKEN": " a-token\n"}) == "a-token"
    assert str(token) == "env:TOWN_TOKEN"


def test_a_path_is_relative_to_the_configuration(tmp_path: Path) -> None:
    """Not to wherever somebody stood when they started Beadle."""
    (tmp_path / "secrets").mkdir()
    secret_file(tmp_path / "secrets" / "town")

    assert Token.at("file:secrets/town", tmp_path).get_secret_value() == "a-token"


def test_a_renewed_token_is_found_without_a_restart(tmp_path: Path) -> None:
    """The file is read each time that it is asked for."""
    path = secret_file(tmp_path / "town")
    token = Token.at(f"file:{path}", tmp_path)

    first = token.get_secret_value()
    secret_file(path, b"a-newer-token")

    assert (first, token.get_secret_value()) == ("a-token", "a-newer-token")


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o440])
def test_a_file_for_its_owner_or_a_reading_group_is_read(tmp_path: Path, mode: int) -> None:
    """A service account often reads through its group."""
    assert read_secret(secret_file(tmp_path / "town", mode=mode)) == "a-token"


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o620, 0o666])
def test_a_file_that_lies_open_is_refused_with_the_command_that_mends_it(tmp_path: Path, mode: int) -> None:
    """Whoever could read it may have it, so a new secret is asked for too."""
    path = secret_file(tmp_path / "town", mode=mode)

    with pytest.raises(ConfigError) as raised:
        read_secret(path)

    assert raised.value.sentence == (f"{path} is open to other accounts; run `chmod 600 {path}` and make a new secret.")


@pytest.mark.parametrize("content", [b"", b"\n", b"one\ntwo", b"a token", b"tok\x00en", b"t\xc3\xb6ken", b"x" * 70_000])
def test_a_file_that_holds_more_or_less_than_a_secret_is_refused_unread(tmp_path: Path, content: bytes) -> None:
    """The sentence says what should be there, and nothing of what is."""
    path = secret_file(tmp_path / "town", content)

    with pytest.raises(ConfigError) as raised:
        read_secret(path)

    assert raised.value.sentence == f"{path} must hold the secret and nothing else, on one line."


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    """The path can be named: it is no secret."""
    with pytest.raises(ConfigError) as raised:
        read_secret(tmp_path / "town")

    assert raised.value.sentence == f"{tmp_path}/town is not there; put the secret into it and `chmod 600` it."


def test_a_folder_in_place_of_a_file_says_what_is_wrong(tmp_path: Path) -> None:
    """An error of the operating system becomes a sentence too."""
    with pytest.raises(ConfigError, match=r"can't be read \(Is a directory\)"):
        read_secret(tmp_path)


@pytest.mark.parametrize(
    "written", ["", "env:", "env:lower", "env:A B", "file:", "file:no-slash", "vault:x/y", "token"]
)
def test_what_is_no_place_is_refused(tmp_path: Path, written: str) -> None:
    """Only a variable's name in capitals, or a path with a slash in it, is a place."""
    with pytest.raises(ValueError, match=r"^holds something else than a place"):
        Token.at(written, tmp_path)


def test_an_empty_variable_is_a_missing_one(tmp_path: Path) -> None:
    """As ``beadle init`` leaves it, to be filled in."""
    with pytest.raises(ConfigError, match=r"^the environment has no TOWN_TOKEN; "):
        Token.at("env:TOWN_TOKEN", tmp_path).get_secret_value({"TOWN_TOKEN": ""})


def test_a_renewed_token_takes_the_place_of_the_old_one_at_once(tmp_path: Path) -> None:
    """The file is private whatever it was, a link to it stays a link, and nothing else is left in the folder."""
    real = secret_file(tmp_path / "real", mode=0o640)
    (tmp_path / "town").symlink_to(real)
    Token("file", str(tmp_path / "town")).renew('{"access_token": "new"}')

    assert read_secret(real) == '{"access_token": "new"}'
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["real", "town"]
    assert (tmp_path / "town").is_symlink()


def test_a_token_that_cannot_be_renewed_says_what_will_happen(tmp_path: Path) -> None:
    """The environment is nobody's to change; a folder that isn't there can't be written."""
    with pytest.raises(ConfigError, match="put the credentials into a file"):
        Token("env", "TOWN_TOKEN").renew("new")
    with pytest.raises(ConfigError, match="No such file or directory"):
        Token("file", str(tmp_path / "none" / "town")).renew("new")


@pytest.mark.parametrize("written", ['{"a": 1}', '{"a": "secret"', '{"a": {"b": "secret"}}'])
def test_parts_that_are_not_texts_are_refused_and_not_repeated(tmp_path: Path, written: str) -> None:
    """One JSON object of texts, or one token."""
    path = tmp_path / "town"
    path.write_text(written)
    path.chmod(0o600)

    with pytest.raises(ConfigError, match="is no JSON object of texts") as raised:
        read_secret(path)
    assert "secret" not in raised.value.sentence
    assert raised.value.__cause__ is None


def test_of_several_parts_only_those_that_are_secret_are_masked() -> None:
    """A name or an address stands in records, and would be blotted out of them."""
    value = '{"username": "townhall", "client_id": "a-client", "access_token": "abcdefgh", "password": "ijkl mnop"}'

    assert secret_parts(value) == ("abcdefgh", "ijkl mnop")
    assert secret_parts("plain-token") == ("plain-token",)
