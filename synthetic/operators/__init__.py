"""Error operators, by the field they spoil. Importing this package registers all of them."""

from synthetic.operators import addresses, cards, dates, files, names, niks, people
from synthetic.operators.registry import IDS, REGISTER, Operator, bit, operator, spelled

__all__ = [
    "IDS", "REGISTER", "Operator", "addresses", "bit", "cards", "dates", "files", "names", "niks", "operator",
    "people", "spelled",
]  # fmt: skip
