"""The guard on the way out: what fetches strangers' pages and media speaks through it, to the hosts it was given alone.

hosts        which hosts: names from the configuration
addresses    which addresses: none of a private, local or special network, whatever name leads there
door         from a name to one checked address; the name is looked up once
request      what a client of the guard may ask for
guard        the small proxy itself, and its journal
"""
