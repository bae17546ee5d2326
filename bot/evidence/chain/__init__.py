"""The log of the archive: each line tied to the one before, so that nothing is changed, moved or taken out unseen."""
