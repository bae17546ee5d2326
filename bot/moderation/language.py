"""Which of the lists' languages a text is in, or that it is in none of them. Light on purpose: short texts are open."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice

from bot.moderation.text import fold

UNKNOWN = "und"
READ = ("en", "es", "pt")
_SURE_OF_SCRIPT = 0.5
_FEW_WORDS = 7
_SAMPLE = 4_000

# The words that a language can't do without. The others' are here only to tell them from the three that are read.
_FUNCTION_WORDS_TEXT = """
en the and to of a in is it you that for on are with as this be was have not at or from by they we but what all
en can your so if about will just like do no my me i he she his her him them their our us who how when why get
en out up has had would should could more there an been than then here now any some only these those because dont
en its im were am did go one thank thanks please
es de la que el en y los del se las por un para con no una su al lo como mas pero sus le ya o este si porque esta
es entre cuando muy sin sobre tambien me hasta hay donde quien desde todo nos todos uno les ni ese eso mi tu te
es es son era soy eres ser esto estos estas yo fue tiene hace aqui nada asi gracias usted ustedes nosotros ellos
es ella qué cómo así vamos pueden
pt de a o que e do da em um para com nao uma os no se na por mais as dos como mas ao ele das tem seu sua ou
pt quando muito nos ja eu tambem so pelo pela ate isso ela entre depois sem mesmo aos ter seus quem nas me esse
pt eles voce essa num nem suas meu minha tudo sao foi ser esta obrigado obrigada vcs voces pra pro ta aqui porque
pt hj ne tbm cara mano gente dia bom sim posso tava to vai amanha alguem demais linda lindo ai mulher kkk kkkk
pt agora
fr le les des est et une dans pour pas que qui sur avec ce vous nous je ne sont au aux du mais plus
ht mwen nou yo pou nan ki pa se ak gen sa li ap te ou gwo men tout yon fe pral anpil lavil
it il di che non per una sono della con del gli alla piu anche questo come ho nel dei delle ma
pl nie sie na jest to ze jak ale za co od przez czy tak dla jego juz tylko przy jestem prosze do po
de der die das und ist nicht ich sie mit ein eine auf den von zu fur es im auch dem wir aber
vi la va cua khong co cho nguoi duoc nhung trong mot cac voi toi ban rat nay
sq dhe ne te per me nuk eshte nje qe nga jane ka si por
tl ang ng sa na mga ay hindi ko mo ka siya po naman lang ito
"""

_MARKS: Mapping[str, str] = {"es": "ñÑ¿¡", "pt": "ãõÃÕ"}


@dataclass(frozen=True, slots=True)
class Language:
    """``code`` is ``en``, ``es``, ``pt`` or ``und``; ``readable`` is false only for a text that is none of them."""

    code: str
    readable: bool


def language_of(text: str, vocabulary: frozenset[str], row: str, told: str | None) -> Language:
    """Judge by script, then by function words; what a platform told is believed where the text doesn't decide."""
    if _is_foreign_script(text):
        return Language(UNKNOWN, readable=False)
    counts = {code: len(vocabulary & words) for code, words in _function_words().items()}
    for code, marks in _MARKS.items():
        counts[code] += 2 * (not text.isascii() and any(mark in text for mark in marks))
    best = max(READ, key=lambda code: (counts[code], code == told))
    other = max((code for code in counts if code not in READ), key=counts.__getitem__)
    told = (told or "").split("-")[0].lower() or None
    if counts[other] > counts[best] and counts[other] >= 3 and len(vocabulary) >= _FEW_WORDS:
        return Language(UNKNOWN, readable=False)
    if counts[best] >= 2 or (counts[best] == 1 and row.count(" ") <= 4):
        return Language(best, readable=True)
    if told in READ:
        return Language(told, readable=True)
    return Language(UNKNOWN, readable=told is None or len(vocabulary) < _FEW_WORDS)


@cache
def _function_words() -> Mapping[str, frozenset[str]]:
    words: dict[str, set[str]] = defaultdict(set)
    for line in _FUNCTION_WORDS_TEXT.split("\n"):
        code, _, rest = line.partition(" ")
        words[code].update(fold(rest).text.split())
    return {code: frozenset(found) for code, found in words.items() if code}


def _is_foreign_script(text: str) -> bool:
    if text.isascii():
        return False
    letters = [c for c in islice(text, _SAMPLE) if c.isalpha()]
    foreign = sum(not _is_latin(c) for c in letters)
    return foreign >= 2 and foreign > _SURE_OF_SCRIPT * len(letters)


@cache
def _is_latin(character: str) -> bool:
    name = unicodedata.name(unicodedata.normalize("NFKD", character)[0], "")
    return "LATIN" in name or character.isascii()
