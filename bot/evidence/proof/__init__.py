"""Does it still hold? Everything is read again, and whoever doubts gets all that they need to read it themselves.

verify                        the one check; report: what it says, and its exit status
fixity, layout, folders       one package, byte by byte
lines, seals, stamped         the log, its checkpoints and keys, their time stamps
shelves, outside              packages against lines; what was kept outside of the archive
export, inclusion, received   what is handed out, its proofs, and how its receiver checks it
opened, view, marked, peek    a package as a page to read
templates/verify.py           the check for whoever has nothing of ours
"""
