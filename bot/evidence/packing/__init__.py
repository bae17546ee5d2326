"""What lies in a package, how it becomes one file, and the last look for our own secrets."""
