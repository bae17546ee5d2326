"""Write into a pack's file the digests that it must name, so that no author computes one by hand.

Only the blocks ``wordlists``, ``library`` and ``model`` are touched, line by line: everything else, remarks included,
stays as it was written, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.errors import ConfigError, PolicyError
from bot.moderation.stock import Stock
from bot.yamlfile import YamlFile, read

_PINNED = re.compile(r"""  (?P<quote>["']?)(?P<name>[^\s"'#:]+)(?P=quote):\s*(?P<value>[^\s#]*)(?P<rest>.*)""")


def pin(path: Path, stock: Stock) -> str:
    """The text of the pack at ``path`` with every digest that it needs, in today's files.

    Raises ``PolicyError``: the file can't be read as YAML, or it names a list, entry or model that is not there.
    """
    try:
        file = read(path)
    except ConfigError as error:
        raise PolicyError(error.sentence) from error
    text = path.read_bytes().decode("utf-8")
    text = _with_block(text, "wordlists", {name: _list_digest(name, stock) for name in sorted(_lists(file, stock))})
    text = _with_block(text, "library", {name: stock.library.digest(name) for name in sorted(_pins(file, stock))})
    return _with_block(text, "model", _model(file, stock))


def _rules(file: YamlFile) -> Iterator[Mapping[str, object]]:
    for section in ("rules", "flags"):
        found = file.get(section)
        yield from (each for each in (found if isinstance(found, list) else []) if isinstance(each, dict))


def _used(file: YamlFile) -> frozenset[str]:
    return frozenset(str(rule["uses"]) for rule in _rules(file) if rule.get("uses"))


def _pins(file: YamlFile, stock: Stock) -> frozenset[str]:
    return stock.library.pinned(_used(file))


def _content(file: YamlFile, stock: Stock) -> Iterator[tuple[object, object]]:
    """Detector and parameters of every rule, the pack's own and the library's."""
    yield from ((rule.get("detector"), rule.get("parameters")) for rule in _rules(file))
    for name in _used(file):
        shape = stock.library.rule(name).shape
        yield shape.detector, shape.parameters


def _lists(file: YamlFile, stock: Stock) -> frozenset[str]:
    found = (parameters.get("lists") for _, parameters in _content(file, stock) if isinstance(parameters, Mapping))
    return frozenset(str(name) for names in found if isinstance(names, list | tuple) for name in names)


def _list_digest(name: str, stock: Stock) -> str:
    if name not in stock.wordlists.by_name:
        known = ", ".join(stock.wordlists.by_name) or "none"
        raise PolicyError(f'there is no word list "{name}"; there is {known}.')
    return stock.wordlists.by_name[name].digest


def _model(file: YamlFile, stock: Stock) -> dict[str, str]:
    """The pack's model, or the only one that there is, if any rule reads scores."""
    named = file.get("model", "name")
    if named is None and not any(detector == "scores" for detector, _ in _content(file, stock)):
        return {}
    if named is None and len(stock.models.names) != 1:
        known = ", ".join(stock.models.names) or "none yet"
        raise PolicyError(
            f'{file.path}: say which model its scores come from: "model:" with "name:"; there is {known}.'
        )
    name = str(named or stock.models.names[0])
    return {"name": name, "digest": stock.models.digest(name)}


def _with_block(text: str, key: str, pins: Mapping[str, str]) -> str:
    """The text with the block ``key`` saying just these; a new block comes before the clauses, an empty one goes."""
    lines = re.split(r"(?<=\n)", text)
    start = next((at for at, line in enumerate(lines) if re.match(rf"{key}\s*:", line)), None)
    if start is None:
        start = end = next((at for at, line in enumerate(lines) if line.startswith("clauses:")), len(lines))
        return "".join((*lines[:start], *_fresh(key, pins), *lines[end:])) if pins else text
    end = next((at for at in range(start + 1, len(lines)) if not lines[at].startswith("  ")), len(lines))
    return "".join((*lines[:start], *(_renewed(lines[start:end], key, pins) if pins else ()), *lines[end:]))


def _fresh(key: str, pins: Mapping[str, str]) -> list[str]:
    return [f"{key}:\n", *(f"  {name}: {value}\n" for name, value in pins.items()), "\n"]


def _renewed(block: list[str], key: str, pins: Mapping[str, str]) -> Iterator[str]:
    """The block's lines: remarks kept, digests renewed, what is no longer used left out, what is new at the end."""
    written = set()
    yield block[0] if re.match(rf"{key}\s*:\s*(#|$)", block[0]) else f"{key}:\n"
    for line in block[1:]:
        found = _PINNED.match(line.rstrip("\n"))
        if found is None:
            yield line
        elif found["name"] in pins:
            written.add(found["name"])
            yield f"  {found['name']}: {pins[found['name']]}{found['rest']}\n"
    yield from (f"  {name}: {value}\n" for name, value in pins.items() if name not in written)
