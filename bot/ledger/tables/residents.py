"""The resident's side: notices and appeals."""
