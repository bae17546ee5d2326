"""Made-up civic comments for measuring speed: many, varied, and the same on every machine.

They are no corpus to learn from or to test judgement with. What counts here is that they are as long as tweets, that
words and names recur as in a town's talk and new ones keep coming, and that a few in a hundred break a rule.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

_EN = (
    "{open} the {thing} on {street} {state} since {when}{end}",
    "{open} can somebody from public works look at the {thing} near {place}? It {state} and {who} {fear}{end}",
    "Thank you to {who} for the {event} at {place}, {praise}{end}",
    "Why does the council spend ${sum} on a {project} when the {thing} on {street} {state}{end}",
    "{who} asked about the {project} at the meeting on {when} and got no answer. {open} that is not good enough{end}",
    "I don't agree with {name} about the {project}, but {praise}{end} {open} we should hear both sides",
    "The mayor's plan for {place} is {verdict}. {open} raise the {project} again and I vote for somebody else{end}",
    "Meeting on the {project} is {when} at {hour} pm, {place}. Details: https://www.{slug}.org/{slug}-{sum}",
    "@{slug} the {thing} {state} again, that's the {nth} time this month{end} #{slug}",
)
_ES = (
    "{open} la {thing} de la calle {street} {state} desde {when}{end}",
    "Gracias a {who} por {event} en {place}, {praise}{end}",
    "¿Por qué gasta el ayuntamiento {sum} euros en {project} si la {thing} de {street} {state}?",
    "No estoy de acuerdo con {name} sobre {project}, pero {praise}{end}",
    "{who} preguntó por {project} en la reunión del {when} y nadie contestó. {open} así no se puede{end}",
)
_PT = (
    "{open} a {thing} da rua {street} {state} desde {when}{end}",
    "Obrigado a {who} por {event} em {place}, {praise}{end}",
    "Por que a prefeitura gasta {sum} reais em {project} se a {thing} da {street} {state}?",
    "Não concordo com {name} sobre {project}, mas {praise}{end}",
)
_WORDS: dict[str, dict[str, Sequence[str]]] = {
    "en": {
        "open": ("", "", "", "Honestly,", "Hi,", "Please,", "Again:", "Just saying,", "Seriously?", "Good morning."),
        "thing": (
            "street light",
            "storm drain",
            "sidewalk",
            "crosswalk",
            "hydrant",
            "bus stop",
            "pothole",
            "stop sign",
        ),
        "state": ("has been broken", "is flooded", "hasn't been fixed", "is dangerous", "was never plowed", "is dark"),
        "when": ("Tuesday", "last winter", "the storm", "March", "the 14th", "two weeks ago", "before Easter", "2019"),
        "end": (".", "!", "!!", "...", "…", "?", " 🙏", " 😡", ""),
        "place": ("the library", "Town Hall", "the boat launch", "the rec center", "the high school", "Veterans Park"),
        "who": ("my neighbor", "the crew", "an older couple", "everybody", "the kids' coach", "our crossing guard"),
        "fear": ("almost fell", "is afraid to walk there", "can't get out of the driveway", "trips over it daily"),
        "event": ("concert", "clean-up day", "food drive", "parade", "spelling bee", "farmers' market"),
        "praise": ("it was well run", "I learned a lot", "credit where it's due", "you could see the work behind it"),
        "project": (
            "roundabout",
            "turf field",
            "splash pad",
            "new garage",
            "zoning change",
            "tax abatement",
            "skate park",
        ),
        "verdict": (
            "a waste of money",
            "not thought through",
            "better than the last one",
            "a disgrace",
            "long overdue",
        ),
        "nth": ("third", "fourth", "second"),
    },
    "es": {
        "open": ("", "", "Por favor,", "Buenos días,", "Otra vez:", "La verdad,", "Vecinos,"),
        "thing": ("farola", "acera", "alcantarilla", "parada", "fuente", "señal", "papelera"),
        "state": ("está rota", "sigue sin arreglar", "es un peligro", "está inundada", "no funciona"),
        "when": ("el martes", "el año pasado", "la tormenta", "marzo", "hace dos semanas", "antes de Navidad"),
        "end": (".", "!", "!!", "...", " 🙏", ""),
        "place": ("la biblioteca", "el polideportivo", "la plaza mayor", "el instituto", "el centro de salud"),
        "who": ("mi vecina", "la brigada", "los mayores", "todo el barrio", "el conserje"),
        "event": ("el concierto", "la limpieza", "la feria", "el desfile", "la carrera popular"),
        "praise": ("estuvo muy bien", "aprendí mucho", "se nota el trabajo", "así da gusto"),
        "project": ("la rotonda", "el carril bici", "el aparcamiento", "la zona azul", "el nuevo campo"),
    },
    "pt": {
        "open": ("", "", "Por favor,", "Bom dia,", "De novo:", "Gente,"),
        "thing": ("iluminação", "calçada", "lixeira", "faixa", "praça", "sinalização"),
        "state": ("está quebrada", "continua sem conserto", "é um perigo", "está alagada", "não funciona"),
        "when": ("terça", "o ano passado", "a chuva", "março", "duas semanas atrás"),
        "end": (".", "!", "!!", "...", " 🙏", ""),
        "place": ("biblioteca", "ginásio", "escola", "posto de saúde"),
        "who": ("minha vizinha", "a equipe", "os idosos", "o bairro todo"),
        "event": ("mutirão", "show", "feira", "desfile"),
        "praise": ("foi muito bom", "aprendi bastante", "deu para ver o trabalho"),
        "project": ("a rotatória", "a ciclovia", "o estacionamento", "a nova quadra"),
    },
}
_BREACHES = (
    "This is fucking ridiculous, {tail}",
    "f*ck this council, {tail}",
    "What a load of bullsh1t about the {slug}, {tail}",
    "Esto es una mierda, alcalde, {tail}",
    "Vai tomar no cu, prefeito, {tail}",
    "I will find you and kill you, {name}, {tail}",
    "Earn $5000 weekly from home! WhatsApp +1 203 555 0142, {tail}",
    "Hot singles in your area https://meet-{slug}.example.com/x {tail}",
    "{name} lives at {sum} Elm Street and his ssn is 219-09-9999, {tail}",
    "go back to your country, those r3tards, {tail}",
    "nice tits on the new clerk, {name}, {tail}",
    "F u c k the new meters, {tail}",
)
_SYLLABLES = "ba be bo bri ca cla co da del dor el en fa gar ha hol in ka la len lo ma mar mi mor na nel no or pa per ra ri ro sa sel so ta ten to tor va ven wa win wood".split()  # fmt: skip # noqa: E501, SIM905


def comments(count: int, breaches: float, seed: int = 1) -> Iterator[str]:
    """So many comments, of which about the share ``breaches`` breaks a rule. The same seed gives the same comments."""
    chance = random.Random(seed)  # noqa: S311, not a secret
    for _ in range(count):
        said = _ordinary(chance)
        yield _breach(chance, said) if chance.random() < breaches else said


def _ordinary(chance: random.Random) -> str:
    lang, frames = chance.choices((("en", _EN), ("es", _ES), ("pt", _PT)), (70, 22, 8))[0]
    said = _filled(chance.choice(frames), _WORDS[lang], chance)
    if len(said) < 90:
        said += " " + _filled(chance.choice(frames), _WORDS[lang], chance)
    return said.strip()


def _breach(chance: random.Random, said: str) -> str:
    return _filled(chance.choice(_BREACHES), {"tail": (said[:80],)}, chance)


def _filled(frame: str, words: dict[str, Sequence[str]], chance: random.Random) -> str:
    picked = {name: chance.choice(choices) for name, choices in words.items()}
    made = {"street": _name(chance), "name": _name(chance), "slug": _name(chance).lower()}
    numbers = {"sum": str(int(10 ** chance.uniform(1, 4.3))), "hour": str(chance.randrange(5, 9))}
    return frame.format(**{**made, **numbers, **picked})


def _name(chance: random.Random) -> str:
    """A few names are on everybody's lips, most are heard once: as in life."""
    rank = min(int(chance.paretovariate(0.9)), 50_000)
    own = random.Random(rank)  # noqa: S311
    return "".join(own.choice(_SYLLABLES) for _ in range(own.choice((2, 2, 3)))).capitalize()
