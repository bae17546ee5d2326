"""What was fetched, as web archives: WARC 1.1 of the platform's interface, and a signed WACZ 1.1.1 of the page.

    address      what of an address is archived, and how it is sorted
    message      the heads of requests and responses, safe to store
    warc         records, and one file of them
    api          the platform's interface -> api.warc.gz
    page         the public page -> page.wacz

The same exchanges are always the same bytes. No key lives here: the signer is handed in. See
``docs/decisions/0018-wacz.md``.
"""
