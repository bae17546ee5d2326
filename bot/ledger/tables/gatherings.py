"""Messages that tell of many cases at once."""
