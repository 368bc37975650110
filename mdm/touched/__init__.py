"""Touched: what a decision concerns goes along the path again at once, by the same stages on small tables.

    settle(hub, engine, verdicts) → Settled, or why it waits

The records that a new judgement may bring together or apart are re-clustered, their entities
identified, and all golden profiles that name them survive and are published again, as a small run on
top of the last whole one. Nothing else is read or written. A whole run gives the same profiles.
"""

from mdm.touched.settler import Settler
from mdm.touched.settling import TOO_FAR, Settled, Waiting, pending, settle

__all__ = ["TOO_FAR", "Settled", "Settler", "Waiting", "pending", "settle"]
