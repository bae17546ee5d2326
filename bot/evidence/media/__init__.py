"""What hangs on a comment: fetched at capture through the guard, told apart by its first bytes, never decoded here.

sniff        what a file is, by its first bytes
hosts        where each platform keeps its media
hashes       the city's list of what must never be copied
fetch        from an attachment to a medium
thumbnail    a small picture for an alert, made in a process without rights
"""
