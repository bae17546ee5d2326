"""What stands between a visitor and the comment: a wall is named, and never climbed. No button of it is pressed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

LOGIN = "The page asks visitors to log in."
CONSENT = "The page asks visitors to agree to cookies before it shows anything."
CAPTCHA = "The page asks visitors to prove that they are no robot."
GONE = "The page says that this content is not available."
BLANK = "The page is empty."

# The words that platforms put on their walls, in small letters and without accents. A phrase stands for all pages that
# hold it, so it must be one that hardly any resident would write. English, Spanish, Portuguese, French, German,
# Italian, Dutch, Polish, Russian, Ukrainian, Chinese, Japanese, Korean, Vietnamese, Tagalog, Arabic, Haitian Creole.
_LOGIN = """
log in to continue|login to continue|log in to facebook|log into facebook|log in to instagram|log in or sign up
you must log in|must be logged in|please log in|sign in to continue|sign in to view|sign in to see|log in to see
log in to view|join linkedin to see|sign up to see|log in with instagram|you need to log in|see more on facebook
inicia sesion para continuar|iniciar sesion para continuar|inicia sesion en facebook|debes iniciar sesion
inicia sesion para ver|entre para continuar|faca login para|entrar para continuar|voce precisa entrar
inicie sessao para|connectez-vous pour|vous devez vous connecter|se connecter a facebook|melde dich an, um
bei facebook anmelden|du musst dich anmelden|accedi per continuare|accedi a facebook|devi accedere|log in om
meld je aan om|zaloguj sie, aby|musisz sie zalogowac|войдите, чтобы|вход на facebook|увійдіть, щоб|登录后|登入後
请先登录|請先登入|登录 facebook|ログインして|ログインが必要|로그인하여|로그인이 필요|로그인하세요|đang nhap đe
dang nhap de|mag-log in para|kailangan mong mag-log in|سجل الدخول|تسجيل الدخول للمتابعة|يجب تسجيل الدخول
konekte pou kontinye
"""
_CONSENT = """
before you continue to|we value your privacy|accept all cookies|allow all cookies
allow essential and optional cookies|only allow essential cookies|manage cookie preferences
consent to the use of cookies|we use cookies and|reject all|accept all|aceptar todas las cookies
permitir todas las cookies|antes de continuar|rechazar todo|aceitar todos os cookies|antes de continuar no
rejeitar tudo|tout refuser|tout accepter|accepter tous les cookies|autoriser tous les cookies|avant d'acceder a
avant de continuer|alle cookies akzeptieren|alle cookies erlauben|alle ablehnen|alle akzeptieren
bevor du fortfahrst|accetta tutti i cookie|consenti tutti i cookie|rifiuta tutto|prima di continuare
alle cookies accepteren|alle cookies toestaan|alles afwijzen|zaakceptuj wszystkie
zezwol na wszystkie pliki cookie|odrzuc wszystko|принять все|разрешить все файлы cookie|прийняти всі
接受所有 cookie|全部接受|すべて受け入れる|모두 수락|chap nhan tat ca|قبول الكل|tanggapin lahat
"""
_CAPTCHA = """
verify you are human|verify that you are human|are you a robot|i'm not a robot|i am not a robot
checking your browser|checking if the site connection is secure|complete the security check
unusual traffic from your|prove you are human|prove your humanity|press and hold to confirm
you've been blocked by network security|enter the characters you see|no soy un robot|nao sou um robo
je ne suis pas un robot|ich bin kein roboter|non sono un robot|ik ben geen robot|nie jestem robotem|я не робот
我不是机器人|進行人機驗證|私はロボットではありません|로봇이 아닙니다|confirma que eres humano
"""
_GONE = """
this content isn't available|content isn't available right now|this page isn't available
this post is unavailable|post not found|page not found|this video isn't available|this video is unavailable
video unavailable|sorry, this page|the link you followed may be broken|this comment has been removed
comment removed|content not found|post was deleted|este contenido no esta disponible
esta pagina no esta disponible|pagina no encontrada|este video no esta disponible
este conteudo nao esta disponivel|esta pagina nao esta disponivel|pagina nao encontrada
ce contenu n'est pas disponible|cette page n'est pas disponible|page introuvable
dieser inhalt ist derzeit nicht verfugbar|diese seite ist nicht verfugbar|dieser inhalt ist nicht verfugbar
seite nicht gefunden|questo contenuto non e disponibile|pagina non trovata|deze content is niet beschikbaar
deze pagina is niet beschikbaar|ta tresc jest niedostepna|эта страница недоступна|страница недоступна
此内容目前无法显示|这个页面无法显示|このページはご利用いただけません|페이지를 사용할 수 없습니다
noi dung nay hien khong|هذا المحتوى غير متوفر|الصفحة غير متوفرة
"""
_LOGIN_PLACES = ("/login", "/signin", "/sign-in", "/accounts/login", "/authwall", "/checkpoint", "/uas/login", "/oauth")
_CONSENT_PLACES = re.compile(r"consent\.|cookie-?consent|/cookie/consent", re.IGNORECASE)
_CAPTCHA_FRAMES = ("recaptcha", "hcaptcha.com", "challenges.cloudflare.com", "arkoselabs", "captcha-delivery")
_SHORT = 1_500  # letters: a wall has little to say, and a page with a banner on it much
_LONGEST = 6_000


@dataclass(frozen=True, slots=True)
class Signs:
    """What a page shows besides the comment. ``text`` is the beginning of what is written on it; ``drawn`` says
    whether there is anything to see at all; ``frames`` are the addresses of frames in it."""

    url: str
    title: str
    text: str
    password: bool
    frames: tuple[str, ...]
    drawn: bool


def signs_of(url: str, told: Mapping[str, Any]) -> Signs:
    """From what ``signs.js`` told."""
    frames = tuple(str(each) for each in told["frames"])
    return Signs(url, str(told["title"]), str(told["text"]), bool(told["password"]), frames, bool(told["drawn"]))


def wall(signs: Signs) -> str | None:
    """The sentence that names the wall; ``None`` when this looks like a page. Asked only when the words aren't seen."""
    said = _plain(f"{signs.title}\n{signs.text}")
    short = len(signs.text.strip()) < _SHORT
    if _any(_CAPTCHA, said) or (short and any(sign in frame for frame in signs.frames for sign in _CAPTCHA_FRAMES)):
        return CAPTCHA
    if _CONSENT_PLACES.search(_place(signs.url)) or (short and _any(_CONSENT, said)):
        return CONSENT
    if signs.password or any(place in urlsplit(signs.url).path for place in _LOGIN_PLACES) or _any(_LOGIN, said):
        return LOGIN
    if short and _any(_GONE, said):
        return GONE
    return None if signs.drawn else BLANK


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or ''}{parts.path}"


def _any(phrases: str, said: str) -> bool:
    return any(phrase in said for phrase in _each(phrases))


@cache
def _each(phrases: str) -> tuple[str, ...]:
    return tuple(_plain(phrase) for line in phrases.strip().splitlines() for phrase in line.split("|"))


def _plain(text: str) -> str:
    """In small letters, without accents, with plain quotes and single spaces."""
    bare = "".join(letter for letter in unicodedata.normalize("NFD", text[:_LONGEST].lower()) if not _accent(letter))
    return " ".join(unicodedata.normalize("NFC", bare).replace("\u2019", "'").split())


def _accent(letter: str) -> bool:
    return "\u0300" <= letter <= "\u036f"
