"""Repeat offenders: strikes put before people, never more than that by itself.

watching    strikes → a proposal, told once; what is due or has lost its ground, said daily
ladder      what people say of an account: a warning given, counsel's word, no action, a block asked for, a block
            lifted or explained
barring     a block that two people approved is carried out, read back and sealed; the only holder of ``Blocker``s
reconciling our list of blocked accounts against the platform's own
sheet       all that is known of one account, for whoever decides on it
"""
