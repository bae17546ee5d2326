"""What rules may do alone, and who said so."""
