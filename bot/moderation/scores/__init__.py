"""SCORES: a small statistical model of our own; how much a comment reads like what a clause forbids.

The order of reading::

    scorer       ``Scorer``: texts in, nine scores each out; and which words weighed most
    model        the model as values: heads, signs, the way from a stretch of text to a rarity
    segments     the stretches of a comment that are scored apart
    lexicon      what is known of every token, found out once
      forms      how the model spells a token
      classes    the part that a word plays in a sentence; groups, parties and officials have no names here
      tally      words by class, counted
      features   pieces, pairs and skeletons as numbers into the table of weights
    trees        a small boosted forest as plain arrays
    calibration  raw scores to 0..1 at stated rates of civic speech
    weights      the file
"""

from bot.moderation.scores.scorer import Scorer

__all__ = ["Scorer"]
