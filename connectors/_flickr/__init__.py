"""Flickr: signed calls and photos."""
