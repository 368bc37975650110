"""The audit log: an RFC 9162 Merkle tree over exact event bytes, signed, verifiable offline.

- `record`, `record_many` append, in the unit of work of the act (events.py)
- `due`, `checkpoint`, `tick` sign the log's state (checkpoints.py); `prove` shows that an event is
  in it (proofs.py)

What takes longer is imported where it is needed: `mdm.audit.search`, `verifying`, `exporting`.
"""

from mdm.audit.checkpoints import Checkpoint, checkpoint, due, tick
from mdm.audit.events import DETAILS, LONG_NUMBER, Event, record, record_many, size
from mdm.audit.verifier import leaf_hash

__all__ = [
    "DETAILS",
    "LONG_NUMBER",
    "Checkpoint",
    "Event",
    "checkpoint",
    "due",
    "leaf_hash",
    "record",
    "record_many",
    "size",
    "tick",
]
