"""ASK: an optional second opinion on comments that our own model is in doubt about. Off unless an address is set.

It may only put a cleared comment before a person. It never clears, hides or changes what was already found, and where
none can be had a person looks. The order of reading::

    terms      what a city allowed: where, which model, how long, how much
    doubt      which comments are in doubt; how one is raised to a person
    masking    what is taken out of a comment before it leaves the house
    wire       the question and the answer, as OpenAI-compatible servers speak them
    endpoint   the call
    purse      the day's ceiling, kept in the ledger
    breaker    a server that fails is left alone for a while
    second     these together
"""
