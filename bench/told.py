"""The figures of latest.json as a table of README.md, so that what is told is what was measured."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


@dataclass(frozen=True)
class Key:
    """A key of latest.json: what it means, and the target it is held to, if any."""

    name: str
    meaning: str
    holds: Callable[[float, float], bool] | None = None
    target: float = 0.0


def least(name: str, target: float, meaning: str) -> Key:
    """A key that must reach its target."""
    return Key(name, meaning, operator.ge, target)


def most(name: str, target: float, meaning: str) -> Key:
    """A key that must not go beyond its target."""
    return Key(name, meaning, operator.le, target)


PARTS: Mapping[str, Sequence[Key]] = {
    "The path": (
        most("path_over_splink_1m", 2.0, "whole path ÷ bare Splink with our training plan, at 1 M"),
        Key("path_over_splink_defaults_1m", "whole path ÷ bare Splink as it comes, at 1 M"),
        most("peak_gib_1m", 6.0, "peak memory, GiB: the main process and its largest helper"),
        most("growth_300k_to_1m", 3.3, "seconds at 1 M ÷ at 300 k; 3.3 is in step with the records"),
    ),
    "The service, 300,000 persons": (
        least("lookup_over_noop", 0.30, "lookups a second ÷ requests a second that do nothing"),
        Key("lookups_per_second", "over 16 connections"),
        Key("noop_per_second", "the same, of a route of the same server that does nothing"),
        most("lookup_p99_ms", 15, "99 of 100 lookups are answered sooner"),
        most("eligibility_p99_ms", 20, "the same, for one NIK and three programmes"),
        Key("eligibility_alone_p99_ms", "the same, one at a time"),
        most("batch_10k_s", 3, "10,000 NIKs and three programmes, the median of three batches"),
        Key("batch_10k_first_s", "the same for the first, which starts the helper process"),
        most("timing_auc", 0.55, "how well 2,000 timings tell hit from miss; 0.5: not at all"),
        most("timing_auc_hidden", 0.55, "the same for nobody and somebody out of bounds"),
        most("publish_p99_factor", 3, "p99 of lookups while 300,000 profiles are published ÷ before"),
    ),
    "The pages, 300,000 persons": (
        most("page_p95_ms", 150, "95 of 100 answers of the slowest page are sooner"),
        most("review_kb", 150, "a review task over the wire, nothing cached, KB"),
        most("next_task_ms", 100, "from the key to the next task, 95 of 100"),
        most("decision_visible_ms", 1000, "until readers see what a decision changed, 95 of 100"),
        most("decision_added_s", 0.3, "what the page adds to a decision, median"),
    ),
}  # fmt: skip


def tell(readme: Path, figures: Mapping[str, Any]) -> None:
    """Put the figures between the marks of README.md."""
    before, _, rest = readme.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n{_text(figures)}{END}{after}", encoding="utf-8")


def _text(figures: Mapping[str, Any]) -> str:
    lines = ["| key | meaning | target | measured |", "|---|---|---|---|"]
    for part, keys in PARTS.items():
        lines.append(f"| **{part}** | | | |")
        lines += [_line(key, figures[key.name]) for key in keys if key.name in figures]
    return "\n".join(lines) + "\n\n" + _by_size(figures) + _by_stage(figures)


def _line(key: Key, value: float) -> str:
    sign = {operator.ge: "≥", operator.le: "≤"}.get(key.holds) if key.holds else None
    target = f"{sign} {key.target:g}" if sign else ""
    missed = key.holds is not None and not key.holds(value, key.target)
    told = f"{value:,}"
    return f"| `{key.name}` | {key.meaning} | {target} | {f'**{told}** (missed)' if missed else told} |"


def _by_size(figures: Mapping[str, Any]) -> str:
    lines = [
        "| source records | path, s | bare Splink, s | ratio | peak, GiB |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {one['source_records']:,} | {one['path_seconds']} | {one['splink_seconds']} "
        f"| {one['path_over_splink']} | {one['peak_gib']} |"
        for one in figures.get("by_size", {}).values()
    ]
    return "\n".join(lines) + "\n\n"


def _by_stage(figures: Mapping[str, Any]) -> str:
    seconds: Mapping[str, float] = figures.get("seconds_by_stage", {})
    return f"Seconds by stage at 1 M: {', '.join(f'{name} {of:.1f}' for name, of in seconds.items())}.\n"
