"""ANSWER in Slack: what members press, type and fill in becomes a decision of a person, under the same rules as ever.

``door`` is the way in; ``link`` (Socket Mode) and ``receiver`` (signed HTTP) carry what comes to it.
"""
