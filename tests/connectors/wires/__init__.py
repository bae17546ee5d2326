"""One module for each platform: ``Wire``, the platform as it looks from the network."""
