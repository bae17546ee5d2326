"""What a benchmark ran on, in a sentence."""

from __future__ import annotations

import os
import platform
from datetime import datetime
from pathlib import Path

_BUSY = (
    " The machine was busy with other work when this was measured (load {load:.1f} on {cores} processors before it "
    "began): a quiet machine does better."
)


def sentence(version: str, at: datetime, load: float) -> str:
    """Version, time, processors, memory and system; and whether the machine was busy before."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    said = (
        f"Beadle {version}, {at:%Y-%m-%d %H:%M} UTC, {cores} processors ({_processor()}), {memory:.0f} GB, {system}, "
        f"Python {platform.python_version()}."
    )
    return said + (_BUSY.format(load=load, cores=cores) if load > cores / 2 else "")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
