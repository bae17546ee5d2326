"""Checks evidence sealed by Beadle. Standard library only, Python 3.8 or newer; it reads, and changes nothing.

    python3 verify.py [PATH] [--key FILE] [--checkpoint FILE] [--roots FILE]

PATH: an export (without it: the one this file lies in), a package (.zip) or an archive. FILEs: what was kept elsewhere.
Checked: every SHA-256 of every bag (RFC 8493); that each package is the one in the city's log, by hash chain or proof
of inclusion (RFC 6962); signatures (RFC 8032) and succession of keys; time stamps (RFC 3161) where there is openssl.
Exit status: 0 as sealed, 2 altered, 3 incomplete, 4 time stamp not valid, 5 key not known, 64 wrong usage; of several
the first of 2, 3, 5, 4.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import datetime
from typing import Any, Iterator

ALTERED, INCOMPLETE, KEY, STAMP = 2, 3, 5, 4
SPKI = bytes.fromhex("302a300506032b6570032100")  # what stands before the 32 bytes of an Ed25519 key (RFC 8410)
TIME = re.compile(rb"^Time stamp: (\w{3}) +(\d+) (\d\d:\d\d:\d\d)(?:\.\d+)? (\d{4}) GMT$", re.M)
found: list[tuple[int, str]] = []  # (exit status, sentence); 0 for what is worth saying and not wrong
say = found.append


def read(*path: str) -> bytes:
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def files_below(folder: str) -> Iterator[str]:
    for here, folders, names in os.walk(folder):
        for path in [os.path.join(here, name) for name in sorted(names + folders)]:
            if os.path.islink(path):
                say((ALTERED, f"{os.path.basename(path)} is a link; evidence holds files only."))
            elif not os.path.isdir(path):
                yield os.path.relpath(path, folder).replace(os.sep, "/")


def members(path: str) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:  # a package is never compressed or encrypted, and holds no links
        names = [entry.filename.partition("/")[2] for entry in archive.infolist()]
        tops = {entry.filename.partition("/")[0] for entry in archive.infolist()}
        strange = any(e.compress_type or e.flag_bits & 1 or e.external_attr >> 28 == 10 for e in archive.infolist())
        strange |= any(not name or ".." in name.split("/") or "\\" in name for name in names)
        if strange or len(set(names)) != len(names) or tops != {os.path.basename(path)[:-4]}:
            raise zipfile.BadZipFile("it is not laid out as Beadle does it, or bears another's name")
        return {name: archive.read(entry) for entry, name in zip(archive.infolist(), names)}


def check_bag(bag: str, digests: dict[str, str], tags: dict[str, bytes]) -> None:  # RFC 8493
    payload = {name for name in digests if name.startswith("data/")}
    tag_files = set(digests) - payload - {"tagmanifest-sha256.txt"}
    for manifest, expected in (("tagmanifest-sha256.txt", tag_files), ("manifest-sha256.txt", payload)):
        lines = {line[66:]: line[:64] for line in tags.get(manifest, b"").decode("ascii", "replace").splitlines()}
        if not lines:
            say((INCOMPLETE, f"{bag}: {manifest} is missing."))
        for name in sorted(set(lines) | expected):
            if name not in digests:
                say((INCOMPLETE, f"{bag}: {name} is in {manifest} and not in the bag."))
            elif digests[name] != lines.get(name):
                say((ALTERED, f"{bag}: {name} is not what was sealed."))


def check_package(path: str, line: dict[str, Any], lines: dict[str, Any]) -> None:
    name = os.path.basename(path)
    if line and sha256(read(path)).hex() != line.get("sha256"):
        say((ALTERED, f"{name} is not what was sealed: the log has another digest for it."))
    try:
        content = members(path)
        record = json.loads(content["data/record.json"])
    except (zipfile.BadZipFile, LookupError, ValueError, RuntimeError, EOFError) as error:
        return say((ALTERED, f"{name} can't be read as a package ({error})."))
    check_bag(name, {each: sha256(data).hex() for each, data in content.items()}, content)
    if record.get("package_id") != name[:-4] or (line and record.get("case_id") != line.get("case_id")):
        say((ALTERED, f"{name}: its record is that of another package, or case."))
    cited, above = record.get("parent") or {}, lines.get(line.get("parent", ""), record.get("parent"))
    if "parent" in line and (cited.get("package_id"), cited.get("sha256")) != (line["parent"], above["sha256"]):
        say((ALTERED, f"{name} cites another package, or digest, than the log does."))


def root_of(level: list[bytes]) -> bytes:  # RFC 6962, 2.1; an odd one out moves up as it is
    while len(level) > 1:
        paired = [sha256(b"\x01", *level[at : at + 2]) for at in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0] if level else sha256()


def is_included(line: bytes, index: int, size: int, hashes: list[bytes], root: bytes) -> bool:  # RFC 6962, 2.1.1
    at, last, value = index, size - 1, sha256(b"\x00", line)
    for other in hashes:
        is_right = at & 1 or at == last
        value = sha256(b"\x01", other, value) if is_right else sha256(b"\x01", value, other)
        while is_right and at and not at & 1:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    return 0 <= index < size and last == 0 and value == root


P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519: RFC 8032, 5.1
D = -121665 * pow(121666, P - 2, P) % P


def add(a: Any, b: Any) -> Any:  # points are (X, Y, Z, T); RFC 8032, 5.1.4
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    return (f - e) * (h - g) % P, (h + g) * (f + e) % P, (h - g) * (h + g) % P, (f - e) * (f + e) % P


def times(number: int, point: Any) -> Any:
    rest = times(number >> 1, add(point, point)) if number else (0, 1, 1, 0)
    return add(rest, point) if number & 1 else rest


def point_of(data: bytes) -> Any:  # RFC 8032, 5.1.3; None for bytes that stand for no point
    number = int.from_bytes(data, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if len(data) != 32 or y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:  # RFC 8032, 5.1.7
    a, r, s = point_of(key), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= L or not a or not r:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = times(s, point_of(b"\x58" + b"\x66" * 31)), add(r, times(h, a))
    return all((left[at] * right[2] - right[at] * left[2]) % P == 0 for at in (0, 1))


def raw_key(pem: str) -> bytes:
    der = base64.b64decode("".join(line for line in pem.splitlines() if "-----" not in line))
    if der[:12] != SPKI or len(der) != 44:
        raise ValueError("this is not an Ed25519 key")
    return der[12:]


def succession(lines: list[tuple[int, dict[str, Any]]], kept: str | None) -> list[tuple[int, bytes]]:
    keys: list[tuple[int, bytes]] = []  # (index of its line, key): the first, and each that the one before it signed
    for index, line in sorted((each for each in lines if each[1]["type"] == "key"), key=lambda each: each[0]):
        key, signature = raw_key(line["public_pem"]), base64.b64decode(line.get("signature") or "")
        if keys and not is_signed(keys[-1][1], SPKI + key, signature):
            say((KEY, f"Line {index + 1} of the log names a key that the key before it did not sign."))
        else:
            keys.append((index, key))
    if kept and raw_key(read(kept).decode()) not in [key for _, key in keys]:
        say((KEY, "The key that was kept elsewhere is not among the keys of this log."))
    return keys


def note_of(data: bytes) -> tuple[str, int, bytes, list[tuple[str, bytes]]]:
    """(origin, lines, root, [(name, key id and signature)]) of a checkpoint: a C2SP signed note."""
    origin, size, root, blank, *given = data.decode().splitlines()
    signatures = [(line.split(" ")[1], base64.b64decode(line.split(" ")[2])) for line in given if line[:2] == "— "]
    if blank or not given or len(signatures) != len(given):
        raise ValueError("this is not a checkpoint")
    return origin, int(size), base64.b64decode(root), signatures


def check_note(path: str, leaves: list[bytes] | None, keys: list[tuple[int, bytes]]) -> None:
    name, data = os.path.basename(path), read(path)
    origin, size, root, signatures = note_of(data)
    if leaves is not None and size > len(leaves):
        say((ALTERED, f"{name} covers {size} lines: the last {size - len(leaves)} of them are gone from the log."))
    elif leaves is not None and (root_of(leaves[:size]) != root or (name[:12].isdigit() and int(name[:12]) != size)):
        say((ALTERED, f"{name} doesn't fit the log: lines were rewritten, or another checkpoint was put in its place."))
    due = [key for index, key in keys if index < size][-1:]
    key_id = sha256(origin.encode(), b"\n\x01", due[0])[:4] if due else b""
    ours = [value[4:] for who, value in signatures if who == origin and value[:4] == key_id]
    if not ours or origin != "beadle/" + sha256(keys[0][1]).hex()[:16]:
        say((KEY, f"{name} is signed with a key that no line of this log names."))
    elif not all(is_signed(due[0], data.partition(b"\n\n")[0] + b"\n", signature) for signature in ours):
        say((ALTERED, f"{name} bears a false signature."))


def check_stamps(note: str, roots: str) -> None:  # RFC 3161
    folder, stem = os.path.split(note[: -len("note")])
    for name in sorted({each[:-1] for each in os.listdir(folder) if re.fullmatch(rf"{stem}\d+\.ts[qr]", each)}):
        reply, query = os.path.join(folder, name + "r"), os.path.join(folder, name + "q")
        if not os.path.exists(reply) or not os.path.exists(roots) or not shutil.which("openssl"):
            say((0, f"time stamp: not checked; there is no {name}r yet, no tsa-roots.pem, or no openssl."))
            continue
        shown = subprocess.run(("openssl", "ts", "-reply", "-in", reply, "-text"), capture_output=True).stdout
        when = b" ".join([*TIME.findall(shown), (b"Jan", b"1", b"00:00:00", b"1970")][0]).decode()
        at = datetime.strptime(f"{when} +0000", "%b %d %H:%M:%S %Y %z")  # certificates must have been good then
        common = ("openssl", "ts", "-verify", "-in", reply, "-CAfile", roots, "-attime", str(int(at.timestamp())))
        over = [("-data", note)] + ([("-queryfile", query)] if os.path.exists(query) else [])
        if any(subprocess.run((*common, *each), capture_output=True).returncode for each in over):
            say((STAMP, f"{name}r does not hold: over something else, or by somebody no certificate vouches for."))
        else:
            say((0, f"time stamp: {name}r is of {at:%Y-%m-%d %H:%M:%S} UTC."))


def lines_of_export(base: str, note: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(index, line) of what the proofs show to stand in the log that the checkpoint covers."""
    names = list(files_below(base))
    tags = {name: read(base, name) for name in names if not name.startswith("data/")}
    check_bag("the export", {name: sha256(read(base, name)).hex() for name in names}, tags)
    _, size, root, _ = note_of(read(note))
    for name in [name for name in names if name.startswith("data/proofs/")]:
        proof = json.loads(read(base, name))
        line, index, facts = proof["line"].encode(), proof["index"], json.loads(proof["line"])
        stem = facts["id"] if "id" in facts else f"key-{facts['key_id']}"
        holds = is_included(line, index, size, [bytes.fromhex(each) for each in proof["hashes"]], root)
        is_of_it = proof["checkpoint"].encode() == read(note) and name == f"data/proofs/{stem}.json"
        if holds and is_of_it and facts["seq"] == index:
            yield index, {**facts, "path": f"data/packages/{stem}.zip"}
        else:
            say((ALTERED, f"{name} doesn't hold: its line is not in the log that the checkpoint covers."))


def lines_of_log(path: str, leaves: list[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    before = "0" * 64
    *lines, torn = read(path).split(b"\n")
    for index, line in enumerate(lines):
        try:
            facts = json.loads(line)
            fits = facts["prev"] == before and facts["seq"] == index
        except (ValueError, LookupError, TypeError):
            fits, facts = False, {"type": ""}
        if not fits:
            say((ALTERED, f"Line {index + 1} of the log doesn't follow from the line before it."))
        before = sha256(line).hex()
        leaves.append(sha256(b"\x00", line))
        yield index, facts
    if torn:
        say((INCOMPLETE, "The last line of the log is torn."))


def check(base: str, shelf: str, log: str, options: argparse.Namespace) -> None:
    leaves: list[bytes] = []
    if shelf == "packages":
        notes = [os.path.join(log, name) for name in files_below(log) if name.endswith(".note")]
        lines = list(lines_of_log(os.path.join(log, "entries.jsonl"), leaves))
    else:
        notes = [os.path.join(log, "checkpoint.note")]
        lines = list(lines_of_export(base, notes[0]))
    keys = succession(lines, options.key)
    for note in notes + ([options.checkpoint] if options.checkpoint and leaves else []):
        check_note(note, leaves or None, keys)
        check_stamps(note, options.roots or os.path.join(log, "tsa-roots.pem"))
    for name in files_below(log):
        if name.endswith(".pub.pem") and raw_key(read(log, name).decode()) not in [key for _, key in keys]:
            say((ALTERED, f"{name} is not a key that the log names."))
        if name[-4:] in (".tsq", ".tsr") and not os.path.exists(os.path.join(log, re.sub(r"\d+\.ts.$", "note", name))):
            say((INCOMPLETE, f"The checkpoint that {name} belongs to is gone."))
    sealed = {line["id"]: line for _, line in lines if line["type"] in ("package", "package-recovered", "supplement")}
    there = {f"{shelf}/{name}" for name in files_below(os.path.join(base, shelf))}
    for line in sealed.values():
        if line["path"] in there:
            check_package(os.path.join(base, line["path"]), line, sealed)
        else:
            say((INCOMPLETE, f"{line['id']} is in the log and not here."))
    for name in sorted(there - {line["path"] for line in sealed.values()}):
        say((INCOMPLETE, f"{name} has no line in the log, or no proof of one."))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", nargs="?", default=os.path.dirname(os.path.abspath(__file__)))
    _ = [parser.add_argument(name) for name in ("--key", "--checkpoint", "--roots")]
    parser.error = lambda message: parser.exit(64, f"verify.py: {message}\n")  # type: ignore[method-assign]
    options = parser.parse_args()
    path = os.path.abspath(options.path)
    try:
        if os.path.isdir(os.path.join(path, "data", "packages")):
            check(path, "data/packages", os.path.join(path, "data", "log"), options)
        elif os.path.isdir(os.path.join(path, "log")):
            check(path, "packages", os.path.join(path, "log"), options)
        elif zipfile.is_zipfile(path):
            check_package(path, {}, {})
        else:
            parser.error(f"{path} is neither an export, nor a package, nor an archive")
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        say((INCOMPLETE if isinstance(error, FileNotFoundError) else ALTERED, f"Missing, or malformed: {error}."))
    for status, sentence in found:
        print("WRONG:" if status else "note: ", "".join(each if each.isprintable() else "?" for each in sentence))
    print("Not as it was sealed." if any(status for status, _ in found) else "Everything is as it was sealed.")
    return next((each for each in (ALTERED, INCOMPLETE, KEY, STAMP) if each in dict(found)), 0)


if __name__ == "__main__":
    sys.exit(main())
