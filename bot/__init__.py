"""Beadle watches a city's pages, keeps evidence, and acts under the city's own written policy.

The map, from the top down; a room may import what stands below it, never what stands above::

    __main__, cli      parse, call, print
    demo               a made-up town on loopback, and the day that is played in it
    worker             the running process; the only file that knows the durable engine
    daily, rounds      what happens every day; every page polled when its time comes
    review             a person answers: keep, hide, restore, remove, approve
    app                the composition root: the one place that names concrete classes
    preflight          what must be true before a page may be acted on
    pipeline           the route of one comment: THE FILE TO READ FIRST
    telling, dossiers  a case's file turned into an alert, and into the dossier that is sealed
    notify             TELL       Slack, mail, the digest
    ledger             REMEMBER   comments, cases, decisions, acts, strikes
    evidence           PROVE      the package, the card, the picture, the log
    moderation         JUDGE      policy, text, detectors, verdict
    permission, desk   what may be done to a page, and by whom
    pages, people, settings, log
    errors

Beside it, ``connectors`` speaks to platforms and has never heard of the bot.
"""

__version__ = "0.1.0"
