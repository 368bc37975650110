"""The audit log: an RFC 9162 Merkle tree over exact event bytes, signed, verifiable offline.

- `record`, `record_many` append, in the unit of work of the act (events.py)
- `due`, `checkpoint` sign the log's state (checkpoint.py); `inclusion`, `consistency` prove (proofs.py)
- `events` searches (search.py); `verify` checks the live log (verifying.py); `export` hands it over
"""

from mdm.audit.events import DETAILS, Event, record, record_many, size
from mdm.audit.verifier import leaf_hash

__all__ = ["DETAILS", "Event", "leaf_hash", "record", "record_many", "size"]
