"""How near a comment is to the post that it answers: a number to order a queue by, and nothing else.

What is off topic is a person's call (PETA v. Tabak): no finding, label or act is ever made of this. It is the cosine
of the content words, each weighed down by how common it is among the comments in the queue.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from bot.moderation.function_words import READ, function_words
from bot.moderation.language import words_in

_MOST_WORDS = 5_000
_STEM = 6  # letters: "plows", "plowing" and "plowed" meet


def nearness(comments: Sequence[str], post: str) -> list[float]:
    """For each comment 0..1: 0 shares no word with the post, 1 says the same. Texts without content words are 0."""
    counted = [_content(text) for text in comments]
    topic = _content(post)
    weights = _weights([*counted, topic])
    return [_cosine(each, topic, weights) for each in counted]


def _content(text: str) -> Counter[str]:
    small = frozenset[str]().union(*(function_words()[code] for code in READ))
    words = list(words_in(text.split()[:_MOST_WORDS]))
    return Counter(word[:_STEM] for word in words if len(word) > 2 and word not in small)


def _weights(texts: Sequence[Counter[str]]) -> Mapping[str, float]:
    in_texts = Counter(word for text in texts for word in text)
    return {word: 1.0 + math.log((1 + len(texts)) / (1 + count)) for word, count in in_texts.items()}


def _cosine(one: Counter[str], other: Counter[str], weights: Mapping[str, float]) -> float:
    shared = sum(_part(one, word, weights) * _part(other, word, weights) for word in one.keys() & other.keys())
    lengths = _length(one, weights) * _length(other, weights)
    return min(1.0, shared / lengths) if lengths else 0.0


def _length(text: Counter[str], weights: Mapping[str, float]) -> float:
    return math.sqrt(sum(_part(text, word, weights) ** 2 for word in text))


def _part(text: Counter[str], word: str, weights: Mapping[str, float]) -> float:
    return (1.0 + math.log(text[word])) * weights[word]
