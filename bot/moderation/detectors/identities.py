"""Identity numbers of several countries, each checked by the rules of whoever issues it.

Where a check sum alone leaves too much to chance, the number counts only after a word that names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from stdnum.ar import cuit
from stdnum.br import cnpj, cpf
from stdnum.ca import sin
from stdnum.cl import rut
from stdnum.do import cedula
from stdnum.es import ccc, dni, nie
from stdnum.mx import curp, rfc
from stdnum.pt import nif
from stdnum.us import itin

Identity = Literal[
    "cpf",
    "cnpj",
    "dni",
    "nie",
    "curp",
    "rfc",
    "rut",
    "cuit",
    "cedula",
    "nif",
    "sin",
    "itin",
    "medicare",
    "clabe",
    "ccc",
]

_BEFORE = 40


@dataclass(frozen=True, slots=True)
class IdentityNumber:
    """``named``: the word that must stand before it (``needs_name`` false: the
    number as ``pattern`` writes it is enough, in the ``loose`` writing it is not)."""

    what: str
    pattern: re.Pattern[str]
    is_valid: Callable[[str], bool]
    named: re.Pattern[str]
    needs_name: bool = True
    loose: re.Pattern[str] | None = None


def identities_in(kind: Identity, text: str) -> Iterator[tuple[int, int]]:
    """Where numbers of that kind are, by folded characters."""
    number = IDENTITIES[kind]
    for found in number.pattern.finditer(text):
        if _valid(number, found[0]) and (not number.needs_name or _is_named(number, text, found.start())):
            yield found.span()
    for found in number.loose.finditer(text) if number.loose else ():
        if _valid(number, found[0]) and _is_named(number, text, found.start()):
            yield found.span()


def describe_identity(kind: Identity) -> str:
    """What the kind looks for, for a reader."""
    number = IDENTITIES[kind]
    after = f", only after {number.named.pattern}" if number.needs_name else ""
    loose = f", after {number.named.pattern} also {number.loose.pattern}" if number.loose else ""
    return f"{number.what} with a right check digit: {number.pattern.pattern}{after}{loose}"


def _valid(number: IdentityNumber, written: str) -> bool:
    plain = re.sub(r"[^a-z0-9]", "", written).upper()
    return len(set(plain)) > 2 and number.is_valid(plain)


def _is_named(number: IdentityNumber, text: str, at: int) -> bool:
    return bool(number.named.search(text, max(0, at - _BEFORE), at))


def _is_clabe(digits: str) -> bool:
    """Weights 3, 7, 1 (Asociacion de Bancos de Mexico)."""
    total = sum(int(digit) * weight % 10 for digit, weight in zip(digits[:17], (3, 7, 1) * 6, strict=False))
    return len(digits) == 18 and (10 - total % 10) % 10 == int(digits[17])


def _always(_written: str) -> bool:
    return True


def _named(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})\b")


IDENTITIES: Mapping[Identity, IdentityNumber] = {
    "cpf": IdentityNumber(
        "Brazilian CPF",
        re.compile(r"(?<![\w.-])\d{3}[. ]\d{3}[. ]\d{3}[-. /]\d{2}(?![\w-])"),
        cpf.is_valid,
        _named("cpfs?"),
        needs_name=False,
        loose=re.compile(r"(?<![\w.-])\d(?:[ .-]?\d){10}(?![\w-])"),
    ),
    "cnpj": IdentityNumber(
        "Brazilian CNPJ",
        re.compile(r"(?<![\w.-])\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}(?![\w-])"),
        cnpj.is_valid,
        _named("cnpj"),
    ),
    "dni": IdentityNumber(
        "Spanish DNI",
        re.compile(r"(?<![\w.-])\d{2}\.?\d{3}\.?\d{3}[ -]?[a-z](?![\w-])"),
        dni.is_valid,
        _named("dni|nif|documento|identidad"),
        needs_name=False,
    ),
    "nie": IdentityNumber(
        "Spanish NIE",
        re.compile(r"(?<![\w.-])[xyz][ -]?\d{7}[ -]?[a-z](?![\w-])"),
        nie.is_valid,
        _named("nie"),
        needs_name=False,
    ),
    "curp": IdentityNumber(
        "Mexican CURP",
        re.compile(r"(?<![\w-])[a-z]{4}[ -]?\d{6}[ -]?[hmx][a-z]{5}[ -]?[a-z0-9]\d(?![\w-])"),
        curp.is_valid,
        _named("curp"),
        needs_name=False,
    ),
    "rfc": IdentityNumber(
        "Mexican RFC of a person",
        re.compile(r"(?<![\w-])[a-zñ&]{4}[ -]?\d{6}[ -]?[a-z0-9]{3}(?![\w-])"),
        lambda written: rfc.is_valid(written, validate_check_digits=True),
        _named("rfc"),
        needs_name=False,
    ),
    "rut": IdentityNumber(
        "Chilean RUT",
        re.compile(r"(?<![\w.-])\d{1,2}\.?\d{3}\.?\d{3}-[\dk](?![\w-])"),
        rut.is_valid,
        _named("ruts?|run"),
    ),
    "cuit": IdentityNumber(
        "Argentine CUIL or CUIT",
        re.compile(r"(?<![\w.-])2[0347]-?\d{8}-?\d(?![\w-])"),
        cuit.is_valid,
        _named("cui[tl]"),
    ),
    "cedula": IdentityNumber(
        "Dominican cédula",
        re.compile(r"(?<![\w.-])\d{3}-?\d{7}-?\d(?![\w-])"),
        cedula.is_valid,
        _named("cedula|ced|identidad|documento"),
    ),
    "nif": IdentityNumber(
        "Portuguese NIF",
        re.compile(r"(?<![\w.-])[1-3]\d{2}[ .]?\d{3}[ .]?\d{3}(?![\w-])"),
        nif.is_valid,
        _named("nif|contribuinte|fiscal"),
    ),
    "sin": IdentityNumber(
        "Canadian SIN",
        re.compile(r"(?<![\w.-])\d{3}[ -]?\d{3}[ -]?\d{3}(?![\w-])"),
        sin.is_valid,
        _named("social insurance|sin (?:number|no)|nas"),
    ),
    "itin": IdentityNumber(
        "US ITIN",
        re.compile(r"(?<![\w.-])9\d{2}[ -]?\d{2}[ -]?\d{4}(?![\w-])"),
        itin.is_valid,
        _named("itin|ssn|social|tax (?:id|number)|taxpayer|contribuyente"),
    ),
    "medicare": IdentityNumber(
        "US Medicare number",
        re.compile(
            r"(?<![\w-])[1-9][ac-hj-km-np-rt-y][ac-hj-km-np-rt-y0-9]\d[ -]?[ac-hj-km-np-rt-y]"
            r"[ac-hj-km-np-rt-y0-9]\d[ -]?[ac-hj-km-np-rt-y]{2}\d{2}(?![\w-])"
        ),
        _always,
        _named("medicare|mbi"),
    ),
    "clabe": IdentityNumber(
        "Mexican CLABE",
        re.compile(r"(?<![\w.-])\d{3}[ -]?\d{3}[ -]?\d{11}[ -]?\d(?![\w-])"),
        _is_clabe,
        _named("clabe|cuenta|banco|deposito|depositar|transferencia|transferir"),
    ),
    "ccc": IdentityNumber(
        "Spanish bank account",
        re.compile(r"(?<![\w.-])\d{4}[ -]?\d{4}[ -]?\d{2}[ -]?\d{10}(?![\w-])"),
        ccc.is_valid,
        _named("cuenta|ccc|banco"),
    ),
}
"""Every kind of identity number."""
