"""WordPress: the site, its answers and health."""
