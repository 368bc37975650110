"""Verify an export of a DTSEN Hub's audit log, offline. One file: Python 3.10+ and `cryptography`.

    python verifier.py EXPORT --key VERIFIER_KEY [--witnessed CHECKPOINT_FILE]
    python verifier.py PROOF_FILE [--key VERIFIER_KEY]

EXPORT is the .zip or folder that `dtsen audit export` wrote. VERIFIER_KEY is the key the hub made
public (or a file of such keys); take it from somewhere else than the export. CHECKPOINT_FILE is a
signed checkpoint that somebody outside kept: the log must still agree with it. PROOF_FILE is what
the hub's pages hand out about single events; it brings its key along, and without `--key` the
answer names that key, to be compared with the one made public.

Checked: that events stand gaplessly in their order; every leaf hash (RFC 9162); the root hash of
every signed checkpoint (C2SP signed note, Ed25519); consistency proofs between checkpoints; that
each key was announced in the log under an earlier trusted one; an inclusion proof, if given one.

Exit code: 0 everything holds, 1 something does not, 2 nothing could be checked.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:  # this file may be all that somebody has
    if __name__ != "__main__":
        raise
    sys.stdout.write(
        "Cannot be checked: Python's package `cryptography` is missing. Run: pip install cryptography\n"
    )
    sys.exit(2)

EVENTS, CHECKPOINTS, KEYS, CONSISTENCY = "events.log", "checkpoints.txt", "keys.txt", "proofs.txt"
BETWEEN = "---\n"  # between checkpoints, and between consistency proofs
PROOF_HEAD = "c2sp.org/tlog-proof@v1"
PROOFS_HEAD = "dtsen.hub/proofs@v1"  # several proofs in one file, with the keys and an explanation
ED25519 = 1  # C2SP signature type
KEY_EVENT = "audit-key"  # the action that announces a verifier key
MOST_FAULTS = 20


# --- the tree (RFC 9162, section 2.1) ---


def leaf_hash(event: bytes) -> bytes:
    """SHA-256 of 0x00 and the event: a leaf of the tree."""
    return hashlib.sha256(b"\x00" + event).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and two hashes: a node of the tree."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Growing:
    """A tree that grows leaf by leaf and knows its root at any time; it keeps only full subtrees."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        self.size = size
        self._full = list(peaks)  # hashes of full subtrees, the largest first

    def add(self, leaf: bytes) -> None:
        """One more leaf hash."""
        at, full = self.size, self._full
        while at & 1:
            leaf = hashlib.sha256(b"\x01" + full.pop() + leaf).digest()
            at >>= 1
        full.append(leaf)
        self.size += 1

    def peaks(self) -> list[bytes]:
        """The hashes of the full subtrees it is made of, the largest first."""
        return list(self._full)

    def root(self) -> bytes:
        """The root hash over all leaves so far."""
        if not self._full:
            return hashlib.sha256(b"").digest()
        found = self._full[-1]
        for left in reversed(self._full[:-1]):
            found = node_hash(left, found)
        return found


def inclusion_holds(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a path proves that `leaf` is leaf `index` of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def consistency_holds(
    old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """Whether a path proves that the larger tree begins with the smaller (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        return old == 0 and not path
    if old == new:
        return not path and old_root == new_root
    steps = [*([old_root] if old & (old - 1) == 0 else []), *path]
    if not steps:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, step)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


# --- signed checkpoints (C2SP signed-note, tlog-checkpoint) ---


@dataclass(frozen=True)
class VerifierKey:
    """A public key and its name: `name+id+key`, id 8 hex digits, key in base64."""

    name: str
    id: bytes
    public: bytes

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{text_of(bytes([ED25519]) + self.public)}"


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes that name a key in a signature."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([ED25519]) + public).digest()[:4]


def read_key(text: str) -> VerifierKey:
    """A verifier key from its text; ValueError when it is none."""
    name, number, encoded = text.strip().split("+", 2)
    blob = base64.b64decode(encoded, validate=True)
    key = VerifierKey(name, bytes.fromhex(number), blob[1:])
    if len(blob) != 33 or blob[0] != ED25519 or key.id != key_id(name, key.public) or not name:
        raise ValueError("not a verifier key")
    return key


@dataclass(frozen=True)
class Note:
    """A signed checkpoint: the log it is of, its size and root, and who signed it."""

    origin: str
    size: int
    root: bytes
    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]  # name, key id, signature

    def signed_by(self, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
        """The keys whose signature holds."""
        return [key for key in keys if any(self._holds(key, *one) for one in self.signatures)]

    def _holds(self, key: VerifierKey, name: str, number: bytes, signature: bytes) -> bool:
        if (name, number) != (key.name, key.id):
            return False
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, self.text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


def read_note(note: str) -> Note:
    """A checkpoint from its text; ValueError when it is none."""
    text, mark, rest = note.partition("\n\n")
    body = text.split("\n")
    if not mark or len(body) != 3 or not re.fullmatch(r"0|[1-9][0-9]*", body[1]):
        raise ValueError("not a checkpoint")
    if not rest.endswith("\n"):
        raise ValueError("a signature line is cut")
    signatures = []
    for line in rest[:-1].split("\n"):
        dash, name, encoded = line.split(" ")
        blob = _base64(encoded)
        if dash != "—" or len(blob) < 5:
            raise ValueError("not a signature line")
        signatures.append((name, blob[:4], blob[4:]))
    return Note(body[0], int(body[1]), _base64(body[2]), text + "\n", tuple(signatures))


def text_of(blob: bytes) -> str:
    """Bytes as these formats write them: base64."""
    return base64.b64encode(blob).decode()


def _base64(text: str) -> bytes:
    blob = base64.b64decode(text, validate=True)
    if text_of(blob) != text:
        raise ValueError("not canonical base64")
    return blob


# --- an export ---


@dataclass
class Findings:
    """What a verification came to."""

    events: int = 0
    checkpoints: int = 0
    faults: list[str] = field(default_factory=list)

    def fault(self, sentence: str) -> None:
        """Note what does not hold; after many, only count on."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(sentence)


def verify_export(
    export: Path, trusted: Sequence[VerifierKey], witnessed: Sequence[Note] = ()
) -> Findings:
    """Check a whole export; ValueError or OSError when it is none."""
    found = Findings()
    with _opened(export) as member:
        notes = _notes(_text(member, CHECKPOINTS), found)
        found.checkpoints = len(notes)
        wanted = {note.size for note in [*notes, *witnessed]}
        with member(EVENTS) as lines:
            roots, announced = _replay(lines, wanted, found)
        _check_notes([*notes], roots, list(trusted), announced, found)
        for note in witnessed:
            _check_witnessed(note, roots, found)
        _check_proofs(_text(member, CONSISTENCY), {note.size: note for note in notes}, found)
    if notes and found.events > max(note.size for note in notes):
        found.fault("Events stand behind the last checkpoint: nothing signed vouches for them.")
    return found


def _replay(
    lines: IO[bytes], wanted: set[int], found: Findings
) -> tuple[dict[int, bytes], list[tuple[int, str]]]:
    """Root hash at each wanted size, and the verifier keys announced (seq, key)."""
    tree, roots, announced = Growing(), {}, []
    marker = f'"action":"{KEY_EVENT}"'.encode()
    for line in lines:
        seq = tree.size
        number, _, rest = line.removesuffix(b"\n").partition(b" ")
        said, _, event = rest.partition(b" ")
        leaf = leaf_hash(event)
        if number != b"%d" % seq:
            found.fault(_out_of_order(number, seq))
            if number.isdigit() and int(number) > seq:
                break
        if said != leaf.hex().encode() or not line.endswith(b"\n"):
            found.fault(f"Event {seq} was altered: its bytes and its leaf hash do not agree.")
        if marker in event:
            announced.append((seq, _announced(event)))
        tree.add(leaf)
        if tree.size in wanted:
            roots[tree.size] = tree.root()
    found.events = tree.size
    return roots, announced


def _out_of_order(number: bytes, seq: int) -> str:
    if number.isdigit() and int(number) > seq:
        return f"Events {seq} to {int(number) - 1} are missing."
    return f"Event {seq} is missing, or another stands in its place."


def _announced(event: bytes) -> str:
    try:
        return str(json.loads(event).get("verifier", ""))
    except ValueError:
        return ""


def _notes(text: str, found: Findings) -> list[Note]:
    notes = []
    for number, part in enumerate(text.split(BETWEEN), 1):
        try:
            notes.append(read_note(part))
        except ValueError:
            found.fault(f"Checkpoint number {number} cannot be read: it was altered.")
    if not notes:
        found.fault("There is no checkpoint: nothing signed vouches for the events.")
    return sorted(notes, key=lambda note: note.size)


def _check_notes(
    notes: list[Note],
    roots: dict[int, bytes],
    trusted: list[VerifierKey],
    announced: Sequence[tuple[int, str]],
    found: Findings,
) -> None:
    """Roots, signatures, and keys: one is trusted when a checkpoint that a trusted key signed
    covers the event that announced it."""
    good = 0
    for note in notes:
        root = roots.get(note.size)
        if root is None:
            found.fault(f"The last events are missing: a checkpoint covers {note.size}.")
        elif root != note.root:
            found.fault(
                f"An event from {good} to {note.size - 1} was altered, removed, added or moved: "
                f"the tree does not have the root that was signed for size {note.size}."
            )
        else:
            good = note.size
    waiting = [note for note in notes if roots.get(note.size) == note.root]
    while vouched := [note for note in waiting if note.signed_by(trusted)]:
        waiting = [note for note in waiting if note not in vouched]
        covered = max(note.size for note in vouched)
        trusted += [key for seq, text in announced if seq < covered for key in _key(text)]
    for note in waiting:
        found.fault(f"The checkpoint of size {note.size} is signed by no key that can be trusted.")
    if len({note.origin for note in notes}) > 1:
        found.fault("The checkpoints are of different logs.")


def _key(text: str) -> list[VerifierKey]:
    try:
        return [read_key(text)]
    except ValueError:
        return []


def _check_witnessed(note: Note, roots: dict[int, bytes], found: Findings) -> None:
    if note.size not in roots:
        found.fault(f"A witness saw {note.size} events; the log has only {found.events}.")
    elif roots[note.size] != note.root:
        found.fault(f"The first {note.size} events are not those a witness saw: rewritten.")


def _check_proofs(text: str, notes: dict[int, Note], found: Findings) -> None:
    for part in text.split(BETWEEN) if text else []:
        try:
            head, *hashes = part.strip().split("\n")
            old, new = (notes[int(size)] for size in head.split(" "))
            path = [_base64(line) for line in hashes]
        except (ValueError, KeyError):
            found.fault("A consistency proof cannot be read: it was altered.")
            continue
        if not consistency_holds(old.size, new.size, path, old.root, new.root):
            found.fault(f"Size {new.size} is not proven to grow out of size {old.size}.")


Member = Callable[[str], IO[bytes]]


@contextmanager
def _opened(export: Path) -> Iterator[Member]:
    """The files of an export, whether a folder or a zip."""
    if export.is_dir():
        yield lambda name: (export / name).open("rb")
        return
    with zipfile.ZipFile(export) as held:
        yield held.open


def _text(member: Member, name: str) -> str:
    with member(name) as file:
        return file.read().decode()


# --- a proof of one event (C2SP tlog-proof) ---


@dataclass(frozen=True)
class Proof:
    """One event, its place, its path to a root, and the checkpoint with that root."""

    event: bytes
    index: int
    path: tuple[bytes, ...]
    note: str

    def __str__(self) -> str:
        head = [PROOF_HEAD, f"extra {text_of(self.event)}", f"index {self.index}"]
        return "\n".join([*head, *map(text_of, self.path), "", self.note])

    def signed_by(self, key: VerifierKey) -> bool:
        """Whether a key's signature under the checkpoint holds."""
        return bool(read_note(self.note).signed_by([key]))


def read_proof(text: str) -> Proof:
    """A proof from its text; ValueError when it is none."""
    body, mark, note = text.partition("\n\n")
    head, extra, index, *hashes = body.split("\n")
    if not mark or head != PROOF_HEAD or extra[:6] != "extra " or index[:6] != "index ":
        raise ValueError("not a proof")
    return Proof(_base64(extra[6:]), int(index[6:]), tuple(map(_base64, hashes)), note)


def verify_proof(proof: Proof, trusted: Sequence[VerifierKey]) -> list[str]:
    """What does not hold; nothing when the event is in the log that a trusted key signed."""
    note = read_note(proof.note)
    faults = []
    if not note.signed_by(trusted):
        faults.append("The checkpoint is signed by no key that can be trusted.")
    if not inclusion_holds(leaf_hash(proof.event), proof.index, note.size, proof.path, note.root):
        faults.append("The event is not at this place of the log that the checkpoint is of.")
    return faults


# --- proofs of several events, handed out together ---


@dataclass(frozen=True)
class Proofs:
    """Proofs and the keys they are to be checked with. `lines` explain the file to who opens it."""

    keys: tuple[VerifierKey, ...]
    proofs: tuple[Proof, ...]
    lines: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = [f"# {line}".rstrip() for line in self.lines]
        head = "\n".join([PROOFS_HEAD, *said, *(f"key {key}" for key in self.keys), ""])
        return BETWEEN.join([head, *map(str, self.proofs)])


def read_proofs(text: str) -> Proofs:
    """Proofs from their text, one alone too; ValueError when there are none."""
    if text.startswith(PROOF_HEAD):
        return Proofs((), (read_proof(text),))
    head, *parts = text.split(BETWEEN)
    first, *lines = head.split("\n")
    if first != PROOFS_HEAD or not parts:
        raise ValueError("not proofs")
    keys = tuple(read_key(line[4:]) for line in lines if line.startswith("key "))
    said = tuple(line[2:] for line in lines if line.startswith("#"))
    return Proofs(keys, tuple(map(read_proof, parts)), said)


def told(proof: Proof) -> str:
    """What the event says, in one line."""
    try:
        event = json.loads(proof.event)
        what = " ".join(str(event.get(name, "?")) for name in ("at", "actor", "action"))
        about = event.get("entity_id") or event.get("run") or event.get("id") or ""
    except (ValueError, AttributeError):
        return f"event {proof.index}"
    ids = about if isinstance(about, str) else " ".join(map(str, about))
    return f"event {proof.index}: {what} {ids}".rstrip()


# --- the command ---


def main(arguments: Sequence[str] | None = None) -> int:
    """Check what is named on the command line; the exit code."""
    parser = argparse.ArgumentParser(
        usage="python verifier.py FILE [--key KEY]... [--witnessed CHECKPOINT_FILE]...",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="the export (.zip or folder), or a proof file"
    )
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        help="a key to trust, as NAME+NUMBER+BASE64, or a file with one in each line; may be given several times",
    )
    parser.add_argument(
        "--witnessed",
        type=Path,
        action="append",
        default=[],
        metavar="CHECKPOINT_FILE",
        help="of an export: a signed checkpoint that somebody outside kept, which the log must still agree "
        "with; may be given several times",
    )
    asked = parser.parse_args(arguments)
    try:
        trusted = [key for text in asked.key for key in _keys(text)]
        seen = [_witnessed(path) for path in asked.witnessed]
        if not asked.file.exists():
            raise CannotCheckError(f"there is no file {asked.file}.")
        return _run(asked.file, trusted, seen)
    except CannotCheckError as error:
        _say(f"Cannot be checked: {error}")
        return 2
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        _say(f"Cannot be checked: {type(error).__name__}. Is it an export or a proof, unharmed?")
        return 2


class CannotCheckError(Exception):
    """What the check needs is missing or cannot be read; the text says what, and what to name instead."""


def _run(file: Path, trusted: list[VerifierKey], seen: Sequence[Note]) -> int:
    if file.is_dir() or zipfile.is_zipfile(file):
        if not trusted:
            raise CannotCheckError(
                "an export needs --key: the verifier key that the hub made public, from elsewhere."
            )
        found = verify_export(file, trusted, seen)
        faults = found.faults
        said = f"{found.events} events, {found.checkpoints} checkpoints"
    else:
        proofs = read_proofs(file.read_text("utf-8"))
        if seen:
            raise CannotCheckError(
                "--witnessed is compared with an export; this is a proof. Leave it out, or name the export."
            )
        if not (trusted or proofs.keys):
            raise CannotCheckError(
                "this proof brings no key; name the one that the hub made public with --key."
            )
        faults = _check_each(proofs, trusted or list(proofs.keys))
        said = "one event" if len(proofs.proofs) == 1 else f"{len(proofs.proofs)} events"
    for sentence in faults:
        _say(f"✗ {sentence}")
    _say(f"{said}: " + ("something does not hold." if faults else "everything holds."))
    if not trusted:
        _say("Checked with the key that the file brings. Compare it with the one made public:")
        for key in proofs.keys:
            _say(f"  {key}")
    return 1 if faults else 0


def _check_each(proofs: Proofs, trusted: Sequence[VerifierKey]) -> list[str]:
    faults = []
    for proof in proofs.proofs:
        found = verify_proof(proof, trusted)
        _say(f"{'✗' if found else '✓'} {told(proof)}")
        faults += [f"Event {proof.index}: {sentence}" for sentence in found]
    return faults


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _keys(text: str) -> list[VerifierKey]:
    """Keys named as themselves or as a file of them. CannotCheckError when they are neither: the key
    that a proof brings along must never take the place of one that was asked for."""
    try:
        return [read_key(text)]
    except ValueError:
        pass
    try:
        lines = [line for line in Path(text).read_text("utf-8").splitlines() if line.strip()]
    except (OSError, ValueError):
        raise CannotCheckError(
            "what --key names is no verifier key, and no file that can be read. "
            "Name the key (NAME+NUMBER+BASE64) or a file of such keys."
        ) from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(read_key(line))
        except ValueError:
            raise CannotCheckError(
                f"line {number} of {text} is no verifier key (NAME+NUMBER+BASE64)."
            ) from None
    if not found:
        raise CannotCheckError(f"{text} holds no verifier key.")
    return found


def _witnessed(path: Path) -> Note:
    """A checkpoint that somebody outside kept."""
    try:
        return read_note(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise CannotCheckError(
            f"{path} is no signed checkpoint that can be read. Name the file that a witness kept."
        ) from None


if __name__ == "__main__":
    sys.exit(main())
