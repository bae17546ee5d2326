"""Where packages lie: through to the disk, never over another, with room to spare; and how they are kept afterwards.

durable, shelf, locks        the disk: write through, one file each, one writer
entries                      the log as it is read here
replica, s3, fetch           a store of second copies
copies, copying, drill       what was copied, copying, and having it back
fixity, incidents            reading a thirtieth each night, and what a person does about damage
keeping                      all of it put together from the settings
"""
