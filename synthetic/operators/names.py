"""Errors of names: D14–D21, D37, and slips of the keys (N01)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synthetic import tokens
from synthetic.columns import Bools, Ints, Objects, objects
from synthetic.operators import spelling
from synthetic.operators.registry import operator
from synthetic.view import View


def _multiword(view: View) -> Bools:
    return np.fromiter((" " in n for n in view.text["name"]), dtype=bool, count=len(view))


def _change(
    column: Objects, rows: Ints, rng: np.random.Generator, change: Callable[[str, float], str]
) -> Ints:
    """Apply `change(text, chance)` to some cells; returns the rows whose text became another."""
    before = column[rows]
    after = objects(
        change(text, float(c)) for text, c in zip(before, rng.random(len(rows)), strict=True)
    )
    column[rows] = after
    changed: Ints = rows[(after != before).astype(bool)]
    return changed


@operator("D14")
def name_longer_or_shorter(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """A mononym gets a last name or patronymic, or a longer name is cut to fewer words."""
    people, female = view.part.people[view.who[rows]], view.part.kin.female[view.who[rows]]
    column = view.text["name"]
    for row, code, is_female, c in zip(rows, people, female, rng.random(len(rows)), strict=True):
        if " " in column[row]:
            column[row] = spelling.shorten(column[row], float(c))
            continue
        lists = tokens.peoples()[tokens.people_names()[int(code)]]["F" if is_female else "M"]
        later = lists["next"].split()
        father = view.part.father_name[view.who[row]].split(" ")[0]
        column[row] += " " + (father if c < 0.3 else later[int(c * 997) % len(later)])
    return rows


@operator("D15")
def name_respelled(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The name is spelled the old way (oe, dj, tj) or as it sounds (f/p, z/j, double letters)."""
    return _change(view.text["name"], rows, rng, spelling.respell)


@operator("D16")
def name_abbreviated(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """Muhammad, Siti, Abdul, Gusti, Wayan and the like are abbreviated; else a later word becomes
    an initial."""
    return _change(view.text["name"], rows, rng, spelling.abbreviate)


@operator("D17")
def name_titled(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """Titles and degrees stand before or after the name."""
    female = view.part.kin.female[view.who[rows]]
    column = view.text["name"]
    column[rows] = objects(
        spelling.with_title(name, bool(f), float(c))
        for name, f, c in zip(column[rows], female, rng.random(len(rows)), strict=True)
    )
    return rows


@operator("D18")
def name_with_father(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """BIN or BINTI and the father's name, or ALIAS and a nickname, follow the name."""
    part, column = view.part, view.text["name"]
    chance = rng.random(len(rows))
    for row, c in zip(rows, chance, strict=True):
        person = view.who[row]
        if c < 0.25:
            column[row] += " ALIAS " + spelling.nickname(column[row], c * 4)
        else:
            word = "BINTI" if part.kin.female[person] else "BIN"
            column[row] += f" {word} {part.father_name[person].split(' ')[0]}"
    return rows


@operator("D19")
def name_nickname(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The nickname stands in place of the legal name."""
    return _change(view.text["name"], rows, rng, spelling.nickname)


@operator("D20", can=_multiword)
def name_restructured(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """Words are fused, split, reordered or truncated; Balinese birth-order words change place or
    fall out."""
    return _change(view.text["name"], rows, rng, spelling.restructure)


@operator("D21")
def name_extreme(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The name is a single letter, or grows past sixty letters."""
    column = view.text["name"]
    for row, c in zip(rows, rng.random(len(rows)), strict=True):
        if c < 0.5:
            column[row] = column[row][0]
        else:
            person = view.who[row]
            parents = f"{view.part.father_name[person]} {view.part.mother_name[person]}"
            column[row] = f"{column[row]} {parents} {column[row]} {parents}"[:70].strip()
    return rows


@operator("D37")
def mother_missing(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The mother's name is missing, misspelled, or is the name of the head of the family."""
    column = view.text["mother_name"]
    kind = rng.random(len(rows))
    head = view.part.name[view.part.homes.head[view.family[rows]]]
    column[rows] = objects(
        "" if c < 0.8 else h if c < 0.86 else spelling.keys_slip(m, (c - 0.86) * 7)
        for c, h, m in zip(kind, head, column[rows], strict=True)
    )
    return rows


@operator("N01")
def name_slip(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """A slip of the keys in the name: a letter lost, doubled, swapped with its neighbour, or
    wrong."""
    return _change(view.text["name"], rows, rng, spelling.keys_slip)


_UNNAMED = ("BAYI NY {mother}", "BY. NY. {mother}", "BAYI", "-", "TIDAK ADA", "BELUM ADA NAMA")


@operator("N02")
def name_placeholder(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """No name yet: a newborn is called after the mother, others get a dash or words for nothing."""
    column = view.text["name"]
    young = view.year[rows] >= view.today // 365 + 1968
    kind = np.where(young, rng.integers(0, 3, len(rows)), rng.integers(3, 6, len(rows)))
    column[rows] = objects(
        _UNNAMED[k].format(mother=view.part.mother_name[view.who[row]])
        for row, k in zip(rows, kind, strict=True)
    )
    return rows
