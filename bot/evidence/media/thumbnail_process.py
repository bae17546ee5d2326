"""The process that decodes one picture: standard input, a small PNG on standard output, and no rights to do more.

It imports nothing of ours. It gives away what it could harm with before it reads the first byte: its account, files,
memory, time, and with seccomp every call to the system but those that decoding needs. Whatever it then does wrong ends
it, and means that there is no thumbnail.
"""

from __future__ import annotations

import ctypes
import io
import os
import platform
import resource
import struct
import sys

from PIL import Image, ImageFile, PngImagePlugin

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_MEMORY = 512_000_000
_CPU_S = 4
_MOST_PIXELS = 40_000_000
_LARGEST_INPUT = 25_000_000
_SMALLER = 0.9
_SMALLEST_SIDE = 160
_NOBODY = 65534


def main() -> None:
    """Read a picture, write its thumbnail. Any failure is an exit status that isn't 0."""
    side, largest = int(sys.argv[1]), int(sys.argv[2])
    warm_up()
    confine()
    data = sys.stdin.buffer.read(_LARGEST_INPUT + 1)
    if len(data) > _LARGEST_INPUT:
        os._exit(3)
    try:
        made = small(data, side, largest)
    except Exception:  # a broken picture, or one that is too large: said by the status, for nobody may print here
        os._exit(2)
    sys.stdout.buffer.write(made)
    sys.stdout.buffer.flush()
    os._exit(0)


def warm_up() -> None:
    """Load all that Pillow loads when it is first needed: afterwards no file can be opened any more."""
    for kind in FORMATS:
        out = io.BytesIO()
        Image.new("RGB", (2, 2)).save(out, kind)
        small(out.getvalue(), 1, 1)


def small(data: bytes, side: int, largest: int) -> bytes:
    """The first frame, at most ``side`` pixels a side and ``largest`` bytes, as a PNG without any metadata."""
    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        if picture.width * picture.height > _MOST_PIXELS:
            raise ValueError("too many pixels")
        picture.draft("RGB", (side, side))  # a JPEG is decoded no larger than is needed
        pixels = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    pixels.info.clear()
    while True:
        pixels.thumbnail((side, side))
        made = _png(pixels)
        if len(made) <= largest or side <= _SMALLEST_SIDE:
            return made
        side = int(side * min(_SMALLER, (largest / len(made)) ** 0.5))


def _png(pixels: Image.Image) -> bytes:
    out = io.BytesIO()
    pixels.save(out, "PNG", pnginfo=PngImagePlugin.PngInfo(), exif=b"", icc_profile=None)
    return out.getvalue()


# ── what it gives away ───────────────────────────────────────────────────────────────────────────────────────────────

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 4, 38, 22
_FILTER = 2
_KILL, _ALLOW = 0x80000000, 0x7FFF0000
# The numbers of the calls that reading, memory, writing and ending need: linux/unistd.h of each machine.
# read write close fstat mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn ioctl lseek mremap madvise
# futex sched_yield clock_gettime exit exit_group getrandom
_CALLS = {
    "x86_64": (0xC000003E, (0, 1, 3, 5, 9, 10, 11, 12, 13, 14, 15, 16, 8, 25, 28, 202, 24, 228, 60, 231, 318)),
    "aarch64": (
        0xC00000B7,
        (63, 64, 57, 80, 222, 226, 215, 214, 134, 135, 139, 29, 62, 216, 233, 98, 124, 113, 93, 94, 278),
    ),
}


def confine() -> None:
    """From here on: no other account, no files, no memory or time without end, no network, no new process."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    if sys.platform == "linux":
        _bar_calls()


def _bar_calls() -> None:
    """Every call to the system but those listed ends the process (seccomp(2), filter mode)."""
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((_PR_SET_DUMPABLE, 0), (_PR_SET_NO_NEW_PRIVS, 1)):
        if libc.prctl(option, value, 0, 0, 0):
            os._exit(4)
    if platform.machine() not in _CALLS:
        return
    program = filter_program(*_CALLS[platform.machine()])
    code = ctypes.create_string_buffer(program, len(program))
    wanted = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    if libc.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.create_string_buffer(wanted, len(wanted)), 0, 0):
        os._exit(5)


def filter_program(machine: int, calls: tuple[int, ...]) -> bytes:
    """A classic BPF program (linux/filter.h): this machine's calls of these numbers pass, all else is killed."""
    load, equal, give = 0x20, 0x15, 0x06
    steps = [(load, 0, 0, 4), (equal, 1, 0, machine), (give, 0, 0, _KILL), (load, 0, 0, 0)]
    steps += [(equal, len(calls) - at, 0, number) for at, number in enumerate(calls)]
    steps += [(give, 0, 0, _KILL), (give, 0, 0, _ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


if __name__ == "__main__":
    main()
