"""JUDGE: one comment against the city's own written policy. Decides nothing but words; acts on nothing.

The order of reading::

    verdict      what a judgement is, and ``decide``
    judge        ``Judge``: one comment in, one verdict out
    passage      a comment as the judge reads it: folded, in words, decoded
      text         folding to plain letters, with the way back to the original characters
      spelling     what obfuscated words say: stars, digits for letters, spaces, stretched letters
      links        where the links are, and to which host they lead
    language     which of the lists' languages a text is in, or none of them
    lexicon      listed words, found in every spelling
    phrases      the grammar of phrases, and the search for them
    detectors/   one kind of rule each: words, phrases, links, private data, what can't be read
    pack         the values of a policy: clauses, rules, flags
    packfile     the shape of a pack's file
    scrutiny     whether a pack is one that a city can defend
    policy       reading packs from files; the shelf of versions
    wordlists    the lists that rules name
    render       everything a policy blocks, as text: ``beadle policy print``
    lines        the line interface of ``beadle judge``
    explain      one verdict for a person at a terminal
"""
