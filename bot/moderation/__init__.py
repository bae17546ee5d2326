"""JUDGE: one comment against the city's own written policy. Decides nothing but words; acts on nothing.

The order of reading::

    verdict      what a judgement is, and ``decide``
    judge        ``Judge``: one comment in, one verdict out, or thousands at once
      screen       for thousands: which rules could find anything in which comment
      needs        what must be in a comment before a rule can find anything
      lanes        the needs of all rules as bits
      lexemes      what is known of every token: with ``pairs``, ``following``, ``functional``, ``chunk``
      hints        which language each of many texts is in
      tokens       a batch of texts as rows of numbers: with ``folding``, ``hashtable``, ``grown``, ``gathering``
    passage      a comment as the judge reads it: folded, in words, decoded
      letters      what one character looks like to a reader
      text         folding to plain letters, with the way back to the original characters
      spelling     what obfuscated words say: stars, digits for letters, spaces, letters on their heads
      links        where the links are, and to which host they lead
      dictated     numbers and addresses as typed where they are spelt out in words
    language     which of the lists' languages a text is in, or none of them
      function_words  the small words that languages are told by
    topic        how near a comment is to its post; orders a queue, decides nothing
    lexicon      listed words, found in every spelling
      search     in rows of words, and drawn out
      masks      behind stars
      guesses    misspelt
      split      in pieces
      ordinary   the words that a guess keeps away from
    phrases      the grammar of phrases, and the search for them
    detectors/   one kind of rule each: words, phrases, links, private data, scores, what can't be read
    pack         the values of a policy: clauses, rules, flags
    packfile     the shape of a pack's file
    limits       what law leaves to rules
    scrutiny     whether a pack is one that a city can defend
    policy       reading packs from files; the shelf of versions
    wordlists    the lists that rules name
    library      the rules that policies share
    models       the weights that a policy pins
    stock        these three together
    pinning      the digests of all three, written into a pack
    render       everything a policy blocks, as text: ``beadle policy print``
    lines        the line interface of ``beadle judge``
    explain      one verdict for a person at a terminal
    neutrality   pairs that differ in side, party, official, group or dialect, and whether they are judged alike
"""
