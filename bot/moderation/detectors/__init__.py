"""The detectors: one kind of rule each. A rule names one and gives it parameters; the registry is in ``registry``.

A detector that can be printed in full says ``enumerable = True``. The statistical one says ``enumerable = False``: it
asks a person, and hides only where law leaves room and people's own decisions have earned it (FA-04).
"""
