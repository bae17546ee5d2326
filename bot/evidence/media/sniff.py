"""What a file is, by its first bytes and nothing else: neither its name nor its declared type is believed.

A table of our own: the list is what we are willing to name in a package, twelve kinds. The libraries know hundreds of
kinds and guess; of the two kept up, one needs a newer Python and the other has had no release for years.
"""

from __future__ import annotations

from dataclasses import dataclass

ENOUGH = 64  # bytes: no kind on the list needs more to be known


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: the extension that we give it, and its media type; ``None`` for what isn't on the list."""

    extension: str
    mime: str | None


UNKNOWN = Kind("bin", None)
PNG = Kind("png", "image/png")
JPEG = Kind("jpg", "image/jpeg")
GIF = Kind("gif", "image/gif")
WEBP = Kind("webp", "image/webp")
AVIF = Kind("avif", "image/avif")
HEIC = Kind("heic", "image/heic")
MP4 = Kind("mp4", "video/mp4")
MOV = Kind("mov", "video/quicktime")
WEBM = Kind("webm", "video/webm")
MP3 = Kind("mp3", "audio/mpeg")
OGG = Kind("ogg", "application/ogg")
PDF = Kind("pdf", "application/pdf")

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"OggS", OGG),
    (b"ID3", MP3),
    (b"%PDF-", PDF),
)
# ISO/IEC 14496-12, 4.3; registered brands: mp4ra.org. Checked in this order: a picture may also carry a film's brand.
_BRANDS = (
    (frozenset({b"avif", b"avis"}), AVIF),
    (frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}), HEIC),
    (frozenset({b"qt  "}), MOV),
    (frozenset({b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash", b"M4V "}), MP4),
)


def sniff(start: bytes) -> Kind:
    """The kind of a file that begins so. ``UNKNOWN`` for everything that isn't on the list: HTML, SVG, archives."""
    for magic, kind in _STARTS:
        if start.startswith(magic):
            return kind
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return WEBP
    if start[4:8] == b"ftyp":
        return _by_brand(start)
    if start.startswith(b"\x1aE\xdf\xa3") and b"\x42\x82\x84webm" in start[:ENOUGH]:
        return WEBM  # EBML's DocType (RFC 8794, 11.2.4); Matroska at large is not on the list
    return MP3 if _begins_mpeg_audio(start) else UNKNOWN


def _by_brand(start: bytes) -> Kind:
    size = min(int.from_bytes(start[:4], "big"), ENOUGH)
    major, compatible = start[8:12], {start[at : at + 4] for at in range(16, size, 4)}
    for brands, kind in _BRANDS:
        if major in brands:
            # "mif1" is any picture in this container; only what it is compatible with tells AV1 from HEVC.
            return AVIF if kind is HEIC and compatible & _BRANDS[0][0] else kind
    return next((kind for brands, kind in _BRANDS if compatible & brands), UNKNOWN)


def _begins_mpeg_audio(start: bytes) -> bool:
    """A frame of MPEG audio, layer III, without a tag before it: ISO/IEC 11172-3, 2.4.1.3."""
    if len(start) < 4 or start[0] != 0xFF or start[1] & 0xE6 != 0xE2 or start[1] & 0x18 == 0x08:
        return False
    bitrate, rate = start[2] >> 4, start[2] >> 2 & 3
    return bitrate not in (0, 15) and rate != 3
