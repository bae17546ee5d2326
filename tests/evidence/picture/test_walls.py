"""Walls before the comment: recognised by what they say, in the languages that platforms say it in, and not climbed."""

from __future__ import annotations

from typing import Any

import pytest

from bot.evidence.picture.browser import BrowserCapturer
from bot.evidence.picture.walls import BLANK, CAPTCHA, CONSENT, GONE, LOGIN, Signs, wall

TEXT = "This is complete bullshit, Dana. Nobody picks up the phone."
BUTTON = "<button onclick=\"fetch('/agreed')\">{}</button>"
CAPTCHA_FRAME = "https://challenges.cloudflare.com/turnstile/v0/x"

SAID = [
    ("Log in to continue", LOGIN),
    ("You must log in to continue.", LOGIN),
    ("Inicia sesión para continuar", LOGIN),
    ("Faça login para ver esta publicação", LOGIN),
    ("Connectez-vous pour voir plus de contenu", LOGIN),
    ("Melde dich an, um fortzufahren", LOGIN),
    ("Accedi per continuare", LOGIN),
    ("Войдите, чтобы продолжить", LOGIN),
    ("请先登录", LOGIN),
    ("Mag-log in para magpatuloy", LOGIN),
    ("يجب تسجيل الدخول", LOGIN),
    ("로그인하여 더 보기", LOGIN),
    ("Before you continue to YouTube", CONSENT),
    ("Allow the use of cookies? Allow all cookies / Decline optional cookies", CONSENT),
    ("Antes de continuar a YouTube. Rechazar todo. Aceptar todo", CONSENT),
    ("Bevor du fortfährst. Alle ablehnen. Alle akzeptieren", CONSENT),
    ("Tout refuser Tout accepter", CONSENT),
    ("Verify you are human by completing the action below.", CAPTCHA),
    ("Our systems have detected unusual traffic from your computer network.", CAPTCHA),
    ("No soy un robot", CAPTCHA),
    ("You've been blocked by network security.", CAPTCHA),
    ("You’ve been blocked by network security.", CAPTCHA),
    ("This content isn't available right now", GONE),
    ("Sorry, this page isn't available. The link you followed may be broken", GONE),
    ("Este contenido no está disponible en este momento", GONE),
    ("Dieser Inhalt ist derzeit nicht verfügbar", GONE),
    ("هذا المحتوى غير متوفر", GONE),
]


def signs(text: str = "", **more: Any) -> Signs:
    """What a page shows that says this and nothing else."""
    usual: dict[str, Any] = {
        "url": "https://www.example.org/p",
        "title": "",
        "password": False,
        "frames": (),
        "drawn": True,
    }
    return Signs(text=text, **{**usual, **more})


@pytest.mark.parametrize(("text", "sentence"), SAID)
def test_a_wall_is_known_by_its_words(text: str, sentence: str) -> None:
    """Whatever the language, accents or kind of apostrophe."""
    assert wall(signs(text)) == sentence
    assert wall(signs(text.upper())) == sentence


def test_a_wall_is_known_by_its_place_and_its_parts() -> None:
    """A login address, a password field, a consent host, a frame of a captcha, nothing at all."""
    assert wall(signs("Hi", url="https://www.instagram.com/accounts/login/?next=/p/1")) == LOGIN
    assert wall(signs("Hi", password=True)) == LOGIN
    assert wall(signs("Hi", url="https://consent.youtube.com/m?continue=x")) == CONSENT
    assert wall(signs("Wait", frames=(CAPTCHA_FRAME,))) == CAPTCHA
    assert wall(signs("", drawn=False)) == BLANK


def test_a_page_is_no_wall() -> None:
    """A page with much on it may mention cookies, or that a video is gone."""
    much = "Snow routes are out. " * 100
    assert wall(signs("Snow routes are out.")) is None
    assert wall(signs(f"{much} We use cookies and love them. Video unavailable.")) is None
    assert wall(signs(much, frames=(CAPTCHA_FRAME,))) is None


def test_a_megabyte_of_words_is_told_quickly() -> None:
    """Only the beginning is looked at."""
    assert wall(signs("a\u0301" * 1_000_000)) is None


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("<h1>Log in to continue</h1>" + BUTTON.format("Log in"), LOGIN),
        ("<h2>We value your privacy</h2>" + BUTTON.format("Accept all"), CONSENT),
        ("<p>Verify you are human</p><input type=checkbox>", CAPTCHA),
        ("<p>This content isn't available right now</p>", GONE),
        ("", BLANK),
        ("<iframe srcdoc='<p>We value your privacy</p><button>Accept all</button>'></iframe>", CONSENT),
        (f"<p>{TEXT}</p><div style='position:fixed;inset:0;background:#fff'>Log in to see more</div>", LOGIN),
    ],
    ids=["login", "consent", "captcha", "gone", "blank", "in-a-frame", "over-the-comment"],
)
def test_a_wall_is_named_and_nothing_on_it_is_pressed(
    capturer: BrowserCapturer, site: Any, body: str, sentence: str
) -> None:
    """EV-03: no picture of it is kept as one of the page, and no button was clicked."""
    found = capturer.capture(site.show("/post", f"<!doctype html><meta charset=utf-8>{body}"), TEXT)

    assert (found.status, found.reason, found.comment_text_visible) == ("blocked", sentence, False)
    assert (found.viewport_png, found.comment_png, found.dom_html) == (None, None, None)
    assert site.asked == ["/post"]


def test_a_login_bar_beside_the_comment_is_no_wall(capturer: BrowserCapturer, site: Any) -> None:
    """Many pages ask strangers to log in and show them the comment all the same."""
    body = f"<p>{TEXT}</p><div style='position:fixed;bottom:0'>Log in to see more <input type=password></div>"

    assert capturer.capture(site.show("/post", f"<!doctype html><meta charset=utf-8>{body}"), TEXT).comment_text_visible
