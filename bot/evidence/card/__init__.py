"""The printed card: the record of a case as a sheet that a mayor and a judge can read."""
