"""`make bench`: the whole path beside bare Splink, at 100 k, 300 k and 1 M source records, then the service and
its pages; writes bench/latest.json and the table of bench/README.md.

Each measurement is a process of its own, so that peak memory is its own too. `python -m bench path`,
`python -m bench service` and `python -m bench pages` measure one of them; with sizes (`python -m bench path 100000`)
nothing is written.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.chart import draw
from bench.told import tell

HERE = Path(__file__).parent
WORK = HERE / "scratch"
SIZES = (100_000, 300_000, 1_000_000)
LATEST = HERE / "latest.json"
PACKAGES = ("splink", "duckdb", "pyarrow", "sqlalchemy", "cryptography")


def main() -> None:
    """Measure what is asked for, print it, and write the figures of whole measurements."""
    asked = sys.argv[1:2] or ["path", "service", "pages"]
    if "path" in asked:
        _path(tuple(int(size) for size in sys.argv[2:]) or SIZES)
    if "service" in asked:
        figures = _step("service", *sys.argv[2:])
        _keep({"service": {"measured": _today(), "machine": _machine()}, **figures})
    if "pages" in asked:
        _keep({**_step("pages", *sys.argv[2:]), **_step("decisions", *sys.argv[2:])})


def _path(sizes: tuple[int, ...]) -> None:
    """The path beside bare Splink: a table per stage and, for all sizes, figures and chart."""
    for old in (*WORK.glob("*-[0-9]*.parquet"), *WORK.glob("delivery-*"), *WORK.glob("home-*")):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    WORK.mkdir(parents=True, exist_ok=True)
    measured = {size: _measure(size) for size in sizes}
    _print(measured)
    if sizes == SIZES:
        figures = _figures(measured)
        _keep(figures)
        draw(figures, HERE / "growth.svg")


def _keep(figures: dict[str, Any]) -> None:
    """Put new figures in the place of the old ones; the others stay."""
    held = json.loads(LATEST.read_text("utf-8")) if LATEST.exists() else {}
    now = {**held, **figures}
    LATEST.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    tell(HERE / "README.md", now)


def _today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d")


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def _measure(size: int) -> dict[str, Any]:
    delivery, home = WORK / f"delivery-{size}", WORK / f"home-{size}"
    made = _step("files", str(delivery), str(size))
    path = _step("path", str(delivery), str(home))
    _step("columns", str(home), str(WORK / f"persons-{size}.parquet"))
    persons = str(WORK / f"persons-{size}.parquet")
    splink = _step("splink", persons)
    defaults = _step("splink", persons, "defaults") if size == max(SIZES) else None
    shutil.rmtree(delivery)
    shutil.rmtree(home)
    return {"files": made, "path": path, "splink": splink, "defaults": defaults}


def _step(name: str, *arguments: str) -> dict[str, Any]:
    """Run one step as a process; its last line of output is its answer."""
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"bench.{name} failed:\n{done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    what = " ".join([name, *(argument.rsplit("/", 1)[-1] for argument in arguments[-1:])])
    took = f"{answer['seconds']:.1f} s" if "seconds" in answer else json.dumps(answer)
    print(f"  {what}: {took}", flush=True)
    return answer


def _figures(measured: dict[int, dict[str, Any]]) -> dict[str, Any]:
    small, large = measured[300_000], measured[1_000_000]
    return {
        "measured": _today(),
        "machine": _machine(),
        "versions": {name: version(name) for name in PACKAGES},
        "path_over_splink_1m": round(large["path"]["seconds"] / large["splink"]["seconds"], 2),
        "path_over_splink_defaults_1m": round(
            large["path"]["seconds"] / large["defaults"]["seconds"], 2
        ),
        "peak_gib_1m": round(large["path"]["peak_gib"], 2),
        "seconds_by_stage": large["path"]["stages"],
        "splink_seconds_by_step": large["splink"]["steps"],
        "growth_300k_to_1m": round(large["path"]["seconds"] / small["path"]["seconds"], 2),
        "by_size": {
            str(size): {
                "source_records": one["path"]["records"],
                "path_seconds": one["path"]["seconds"],
                "splink_seconds": one["splink"]["seconds"],
                "path_over_splink": round(one["path"]["seconds"] / one["splink"]["seconds"], 2),
                "peak_gib": round(one["path"]["peak_gib"], 2),
                "splink_peak_gib": round(one["splink"]["peak_gib"], 2),
                "files_seconds": one["files"]["seconds"],
            }
            for size, one in measured.items()
        },
    }


def _print(measured: dict[int, dict[str, Any]]) -> None:
    table = Table(title="Seconds per stage")
    table.add_column("stage")
    for size in measured:
        table.add_column(f"{size:,}", justify="right")
    stages = list(next(iter(measured.values()))["path"]["stages"])
    for stage in stages:
        table.add_row(
            stage, *(f"{one['path']['stages'].get(stage, 0):.1f}" for one in measured.values())
        )
    rows = {
        "whole path": lambda one: f"{one['path']['seconds']:.1f}",
        "bare Splink, same persons and model": lambda one: f"{one['splink']['seconds']:.1f}",
        "path over Splink": lambda one: f"{one['path']['seconds'] / one['splink']['seconds']:.2f}",
        "peak memory, GiB": lambda one: f"{one['path']['peak_gib']:.2f}",
    }
    for name, value in rows.items():
        table.add_row(name, *(value(one) for one in measured.values()), style="bold")
    Console().print(table)


if __name__ == "__main__":
    main()
