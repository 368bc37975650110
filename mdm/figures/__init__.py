"""Figures: what a run came to, as numbers of no single person, kept by the run for pages to show.

    figures.keep(hub, engine, seq)                      # at the end of a run, from its tables
    with hub.sessions.read() as session:
        seq = figures.newest(session)                   # the published run that has figures
        rows = figures.read(session, seq, "cluster_size", "person")

No page counts records: it reads these. A row is (figure, kind, part, detail) → value. The kinds are
person, family, household unless said otherwise:

| figure | kind | part | detail | value |
|---|---|---|---|---|
| region | person, family | code of the kecamatan, '' unknown | – | how many (the living) |
| desil | person, family | code of the regency, '' unknown | desil, '' none | how many (the living) |
| cluster_size | each | source records in a cluster, 12: that or more | – | clusters |
| weight | each | match weight, lower edge of half a bit | judgement/reason | pairs |
| identity | each | identity status | – | entities |
| match | each | source | records, joined, registry | source records; see below |
| freshness | source | year and quarter of the record | kind | source records |
| finding | source | rule | severity | findings that stand: no later version has replaced their row |
| quarantine | source | – | – | quarantined rows that stand likewise |
| precision, recall, f1 | each | column of the truth, '' all | its value | share with its interval |
Of `match`, `joined` are the records of an entity that another source speaks of too, `registry` those
of one that the civil registry speaks of. `mdm/figures/open.py` makes what anybody may have.
"""

from mdm.figures.keeping import keep, keep_quality
from mdm.figures.reading import Figure, newest, over_time, published, read

__all__ = ["Figure", "keep", "keep_quality", "newest", "over_time", "published", "read"]
