"""The resident's side: notices to accounts, and appeals."""
