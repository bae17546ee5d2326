"""Beadle watches a city's pages, keeps evidence, and acts under the city's own written policy.

The map, from the top down; a room may import what stands below it, never what stands above::

    __main__, cli      parse, call, print
    demo               a made-up town on loopback, and the day that is played in it
    daemon, setup      `beadle run`; `beadle init`
    daily, rounds      the digest once a day; every page polled when its time comes
    doctor             everything that must be true, looked at one by one
    app                the composition root: the one place that names concrete classes
    review             a person answers: keep, hide, restore, remove, approve
    restricting        a person closes a case whose media nobody may see
    lapse              a hide by a score that nobody confirmed is taken back
    trust              which scores have earned hiding, counted from what people decided
    worker             the route's stages as durable workflows; the only file that knows the engine
    preflight          what must be true before a page may be acted on
    telling, dossiers  a case's file turned into an alert, and into the dossier that is sealed
    pipeline           the route of one comment: THE FILE TO READ FIRST
    preserving         in which order a case is read again, pictured and sealed
    acting, looking    the act by rule, and how it is asked of the platform; the look at the page after it
    opinion            ASK        a second opinion from a model elsewhere, if a city wants one
    notify             TELL       Slack, mail, the digest
    ledger             REMEMBER   comments, cases, decisions, acts, strikes
    evidence           PROVE      the package, the card, the picture, the log and who witnesses it
    moderation         JUDGE      policy, text, detectors, verdict
    permission, desk   what may be done to a page, and by what
    orders, outcomes   what the route asks of the engine, and what a stage comes to
    pages, people, settings, log
    errors

Beside it, ``connectors`` speaks to platforms and has never heard of the bot.
"""

__version__ = "0.1.0"
