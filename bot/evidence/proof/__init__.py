"""Does it still hold? Reading everything again, and saying so."""
