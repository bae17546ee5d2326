"""The detectors: one kind of rule each. A rule names one and gives it parameters; the registry is in ``registry``.

A detector that can be printed in full says ``enumerable = True``. A statistical one would stand beside these with
``enumerable = False``; the loader then refuses it any measure above review (FA-04).
"""
