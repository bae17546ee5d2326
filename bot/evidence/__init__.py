"""Prove: what was seen, under which clause, sealed before anybody acts. See ``docs/evidence.md``.

    dossier, capture     what is to be sealed: a case, and a look at the public page
    store                the archive: seal, prove, supplement
    binder               makes the bytes of a package from a dossier and a capture
    packing/             what lies in a package, and how it becomes one file
    wacz/                what was fetched, as web archives
    media/               what hung on the comment
    egress/              the guard: whom we may speak to when we fetch what strangers wrote
    card/                the printed card (typst)
    picture/             the picture of the page (Chromium)
    chain/               the hash-linked log, its checkpoints and time stamps
    storage/             the shelf of packages, written through to the disk; the second copy
    proof/               does the archive still hold? exports

Only this room imports Playwright and typst.
"""
