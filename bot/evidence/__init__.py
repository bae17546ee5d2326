"""Prove: what was seen, under which clause, sealed before anybody acts. See ``docs/evidence.md``.

    dossier      what is to be sealed                     record      its record.json
    package      one bag in one ZIP, byte for byte        store       the archive: seal, prove, supplement
    log          the hash-linked lines                    verify      does the archive still hold?
    card         the printed card (typst)                 capture     a picture of the public page (Chromium)

Only this room imports Playwright and typst.
"""
