"""Figures for tests of pages, as a run would have kept them: small, but of every kind there is."""

from __future__ import annotations

from itertools import product

from sqlmodel import select

from matching.rules import KINDS
from mdm.compose import Hub
from mdm.hub.runs import published_seq
from mdm.hub.tables import Run, RunFigure

SOURCES = ("kemendagri", "kemensos", "pemda")
#: Regency → desil → people; one cell is small.
DESILS = {"3201": {"1": 40, "2": 7, "8": 900, "": 30}, "3202": {"1": 55, "2": 60, "8": 70}}
SMALL = 7


def put(hub: Hub) -> None:
    """Keep them for the published run."""
    with hub.sessions.begin() as session:
        seq = published_seq(session)
        rows = {
            ("finding", source, "birth_date_default", "warning"): 12.0 + at
            for at, source in enumerate(SOURCES)
        }
        for kind in KINDS:
            rows |= _of_kind(kind)
        for source, kind in product(SOURCES, KINDS):
            rows["freshness", source, "2026Q3", kind] = 800.0
            rows["freshness", source, "2024Q1", kind] = 200.0
        for kind in ("person", "family"):
            for regency, of in DESILS.items():
                rows["region", kind, f"{regency}01", ""] = float(sum(of.values()))
                for desil, n in of.items():
                    rows["desil", kind, regency, desil] = float(n)
        for (figure, kind, part, detail), value in rows.items():
            share = figure in ("precision", "recall", "f1")
            session.add(
                RunFigure(
                    run_seq=seq,
                    figure=figure,
                    kind=kind,
                    part=part,
                    detail=detail,
                    value=value,
                    low=value - 0.01 if share else None,
                    high=min(1.0, value + 0.01) if share else None,
                )
            )
        run = session.exec(select(Run).where(Run.seq == seq)).one()
        run.seconds = {"validate": 1.2, "link person": 75.0, "link person: score": 9.0}
        run.counts = {"validate": {"accepted": 3000, "quarantined": 4, "corrections": 2}}


def _of_kind(kind: str) -> dict[tuple[str, str, str, str], float]:
    rows = {
        ("cluster_size", kind, "1", ""): 500.0,
        ("cluster_size", kind, "3", ""): 400.0,
        ("identity", kind, "verified", ""): 850.0,
        ("identity", kind, "conflict", ""): 50.0,
        ("weight", kind, "-1.0", "review/weight"): 30.0,
        ("weight", kind, "4.0", "link/weight"): 20.0,
        ("weight", kind, "4.0", "review/guard"): 5.0,
        ("weight", kind, "12.0", "link/weight"): 700.0,
    }
    for source in SOURCES:
        rows["match", kind, source, "records"] = 1000.0
        rows["match", kind, source, "joined"] = 900.0
        rows["match", kind, source, "registry"] = 875.0
    for name, (part, value) in product(
        ("precision", "recall", "f1"), (("", ""), ("sex", "F"), ("sex", "M"))
    ):
        rows[name, kind, part, value] = 0.985 if part else 0.99
    return rows
