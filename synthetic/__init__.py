"""People nobody is: a population, what three providers see of it, and the truth beside their files.

Read in this order: `generate` (the whole), `kinship` → `homes` → `living` (who there is and how
they live), `tokens` → `naming`, `registration` (numbers), `view` → `spoiling` → `operators/` (what
a provider sees and how badly), `providers/` and `layouts` (how it writes), `truth`. What may
change without code is in `scenarios/*.yaml` and `data/*.yaml`. Imports `reference` only.
"""
