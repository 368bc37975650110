"""Touched: what a decision concerns goes along the path again at once, by the same stages on small tables.

    settle(hub, engine, verdicts) → Settled, or why it waits

The records that a new judgement may bring together or apart are re-clustered, their entities
identified, and all golden profiles that name them survive and are published again, as a small run on
top of the last whole one. Nothing else is read or written. A whole run gives the same profiles.

The stages read the tables of ARCHITECTURE.md and find small ones under the same names. The rows come
from what the last whole run kept of the groups reached (`Components`):

    reach.py        which entities: those clustered anew (`touched`), those that are golden anew
    corrected.py    records of corrections approved since, beside the kept ones; without those taken back since
    clustering.py   <kind>_linkable of `touched`, <kind>_judged of the pairs kept with today's verdicts, then
                    cluster and identify: <kind>_clusters, <kind>_links, <kind>_entities
    surviving.py    <kind>_standardised and <kind>_links of all rows read, then survive: <kind>_golden, chosen anew,
                    or as published with new links (refreshing.py), or with its region alone (regions.py)
    settling.py     one small run for each kind judged, from start to publish; settler.py its thread
"""

from mdm.touched.settler import Settler
from mdm.touched.settling import TOO_FAR, Settled, Waiting, pending, settle

__all__ = ["TOO_FAR", "Settled", "Settler", "Waiting", "pending", "settle"]
