"""Handout: proofs of some events in one file, with keys and words, for somebody who has no hub.

`python verifier.py FILE` checks it offline. The file holds the events' exact bytes, and so names
who did what; it holds nobody's personal data.
"""

from __future__ import annotations

from collections.abc import Iterable

from mdm.audit.checkpoints import checkpoint, latest, verifier_keys
from mdm.audit.proofs import prove
from mdm.audit.verifier import Proofs, read_key, read_proof
from mdm.compose import Hub
from mdm.errors import InputError

MOST = 100  # events in one file
LINES = (
    "Bukti bahwa peristiwa di bawah ini tercatat dalam log audit DTSEN Hub.",
    "Periksa tanpa jaringan, dengan Python dan paket `cryptography`:",
    "",
    "    python verifier.py BERKAS-INI",
    "",
    "Bandingkan kunci yang disebut hasilnya dengan kunci yang diumumkan hub, dan ambil verifier.py",
    "dari salinan yang Anda percayai.",
    "",
    "Proof that the events below are in the audit log of a DTSEN Hub.",
    "Check it offline, with Python and the package `cryptography`:",
    "",
    "    python verifier.py THIS-FILE",
    "",
    "Compare the key that the answer names with the one the hub made public, and take verifier.py",
    "from a copy you trust.",
    "",
    "Each part: the event (extra, base64 of its exact bytes), its place in the log (index), the",
    "hashes from it to the root (RFC 9162), and the checkpoint that signs the root (C2SP).",
)


def handout(hub: Hub, events: Iterable[int]) -> str:
    """The text of a file that proves some events, by their numbers. InputError when there is none
    of them, or too many at once; signs a checkpoint when one is not covered yet."""
    wanted = sorted(set(events))
    if not 0 < len(wanted) <= MOST:
        raise InputError(
            "No event is named." if not wanted else f"More than {MOST} events are named.",
            f"Name 1 to {MOST} events by their numbers.",
        )
    with hub.sessions.read() as session:
        signed = latest(session)
    if signed is None or wanted[-1] >= signed.size:
        checkpoint(hub)
    with hub.sessions.read() as session:
        proofs = tuple(read_proof(prove(session, seq).proof) for seq in wanted)
        keys = tuple(map(read_key, verifier_keys(session)))
    used = tuple(key for key in keys if any(proof.signed_by(key) for proof in proofs))
    return str(Proofs(used, proofs, LINES))
