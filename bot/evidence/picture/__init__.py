"""The picture of the public page: a browser in a process of its own, without rights and with a guarded way out."""
