"""Second opinions on what the judge cleared and is in doubt about. They raise a comment to a person, and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
import structlog

from bot.ledger.keep import Judged
from bot.moderation.judge import Judge
from bot.moderation.verdict import Outcome, Verdict
from bot.opinion.breaker import Breaker
from bot.opinion.doubt import Doubt, doubts, raised
from bot.opinion.endpoint import Endpoint
from bot.opinion.masking import masked
from bot.opinion.purse import Purse, tokens_of
from bot.opinion.terms import NotHad, Terms
from bot.opinion.wire import ANSWER_TOKENS, ASKABLE, Opinion, question
from connectors.contract import Visibility

log = structlog.get_logger(__name__)

AT_ONCE = 4
PATIENCE = 3
"""A batch waits so many time-outs for all its answers; who has none by then goes to a person."""

SAMPLE = "The library opens at nine."

FOUND = 'The model "{model}", asked for a second opinion, gives "{category}" {theirs:.2f} (our own score {ours:.2f}).'
NOT_HAD = 'A second opinion could not be had ({because}). Our own score for "{category}" is {ours:.2f}, below review.'
TOO_MANY = "too many were asked for at once"
UNSENDABLE = "it is too long, or nothing is left of it without private data"
SILENT = "its answer says nothing about this category"
OUR_FAULT = "a fault of ours, which the log shows"


class SecondOpinions:
    """Asks one server about several comments at once. ``close`` it in the end."""

    def __init__(self, terms: Terms, writing: sa.Engine, clock: Callable[[], datetime]) -> None:
        self.terms = terms
        self._endpoint = Endpoint(terms, clock)
        self._purse = Purse(terms, writing, clock)
        self._breaker = Breaker(clock)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="second-opinion")

    def on(self, judged: Sequence[Judged], judge_at: Callable[[datetime], Judge | None]) -> list[Judged]:
        """The same comments in their order; those in doubt with the second opinion in their verdict.

        Holds no transaction. Takes ``PATIENCE`` time-outs at most, whatever the server does; never raises for it.
        """
        doubtful = {place: found for place, item in enumerate(judged) if (found := self._doubts(item, judge_at))}
        answers = self._ask_all({place: judged[place].comment.text for place in doubtful})
        settled = list(judged)
        for place, found in doubtful.items():
            verdict = self._settled(judged[place], found, answers[place])
            settled[place] = replace(judged[place], verdict=verdict)
        return settled

    def check(self) -> None:
        """Ask about a sentence of ours, for `beadle doctor`; not counted. Raises ``NotHad``."""
        opinion = self._endpoint.ask(question(self.terms.kind, self.terms.model, SAMPLE))
        if missing := [category for category in ASKABLE[self.terms.kind] if category not in opinion.scores]:
            raise NotHad(SILENT, detail=f"its answer says nothing about {', '.join(missing)}")

    def close(self) -> None:
        """Let go of the connections; calls under way end by themselves, within their time-out."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._endpoint.close()

    def _doubts(self, item: Judged, judge_at: Callable[[datetime], Judge | None]) -> tuple[Doubt, ...]:
        # Nothing follows from a comment that nobody sees, so nobody is asked about it.
        if item.verdict.outcome is not Outcome.CLEAR or item.comment.visibility is not Visibility.VISIBLE:
            return ()
        judge = judge_at(item.comment.posted_at)
        return (
            ()
            if judge is None
            else doubts(
                item.verdict,
                judge.pack,
                by_page=item.comment.by_page,
                ask_from=self.terms.ask_from,
                askable=ASKABLE[self.terms.kind],
            )
        )

    def _ask_all(self, texts: Mapping[int, str]) -> dict[int, Opinion | NotHad]:
        calls = {place: self._pool.submit(self._ask, text) for place, text in texts.items()}
        wait(calls.values(), timeout=PATIENCE * self.terms.timeout_s)
        return {place: _outcome(call) for place, call in calls.items()}

    def _ask(self, text: str) -> Opinion:
        """One comment, from masking to the answer. Raises ``NotHad``."""
        words = masked(text)
        if words is None:
            raise NotHad(UNSENDABLE)
        body = question(self.terms.kind, self.terms.model, words)
        self._breaker.ask()
        taken = self._purse.take(body, ANSWER_TOKENS if self.terms.kind == "chat" else 0)
        try:
            opinion = self._endpoint.ask(body)
        except NotHad as why:
            self._breaker.failed(why)
            raise
        self._breaker.went_well()
        self._purse.settle(taken, tokens_of(body) + _said(opinion) if opinion.tokens is None else opinion.tokens)
        return opinion

    def _settled(self, item: Judged, found: Sequence[Doubt], answer: Opinion | NotHad) -> Verdict:
        if isinstance(answer, NotHad):
            return self._unanswered(item, found[0], answer.because)
        agreed = [doubt for doubt in found if doubt.category in answer.found]
        if agreed:
            return self._agreed(item, max(agreed, key=lambda doubt: answer.scores[doubt.category]), answer)
        silent = [doubt for doubt in found if doubt.category not in answer.scores]
        return self._unanswered(item, silent[0], SILENT) if silent else item.verdict

    def _agreed(self, item: Judged, doubt: Doubt, opinion: Opinion) -> Verdict:
        theirs = opinion.scores[doubt.category]
        reason = FOUND.format(model=self.terms.model, category=doubt.category, theirs=theirs, ours=doubt.score)
        return raised(item.verdict, item.comment.text, doubt, theirs, reason)

    def _unanswered(self, item: Judged, doubt: Doubt, because: str) -> Verdict:
        reason = NOT_HAD.format(because=because, category=doubt.category, ours=doubt.score)
        return raised(item.verdict, item.comment.text, doubt, doubt.score, reason)


def _said(opinion: Opinion) -> int:
    """The tokens of an answer that came without a count, by the longest form of its numbers."""
    return 8 * len(opinion.scores)


def _outcome(call: Future[Opinion]) -> Opinion | NotHad:
    if not call.done():
        call.cancel()
        return NotHad(TOO_MANY)
    try:
        return call.result()
    except NotHad as why:
        return why
    except Exception:
        # A fault of ours on one comment must not keep the page from being read: a person looks at that comment.
        log.exception("a second opinion failed in a way that it should not")
        return NotHad(OUR_FAULT)
