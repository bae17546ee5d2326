"""Prove: what was seen, under which clause, sealed before anybody acts. See ``docs/evidence.md``.

    dossier, capture     what is to be sealed: a case, and a look at the public page
    store                the archive: seal, prove, supplement
    packing/             what lies in a package, and how it becomes one file
    card/                the printed card (typst)
    picture/             the picture of the page (Chromium), and the guard on its way out
    chain/               the hash-linked log
    storage/             the shelf of packages, written through to the disk
    proof/               does the archive still hold?

Only this room imports Playwright and typst.
"""
