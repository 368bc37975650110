"""Step 5, score: candidate pairs → match weight, with the part that each comparison gives.

Splink scores: the rule document becomes its settings, the model its m and u. `<kind>_scored` has `rid_l, rid_r,
match_weight` and per comparison `gamma_<name>` (level, highest is best, -1 missing) and `mw_<name>` (bits), with
`mw_tf_adj_<name>` where a rare value says more than a common one.
"""

from __future__ import annotations

from typing import Any

from matching.engine import Engine
from matching.levels import Calls, make_macros
from matching.model import Model
from matching.rules import Comparison, Level, LinkageRules

FAR_BELOW = 8.0  # bits under the review threshold; pairs below are not worth their memory


def make_linkable(engine: Engine, rules: LinkageRules) -> int:
    """Make `<kind>_linkable`: rid and just the columns that blocking and comparisons look at."""
    columns = ", ".join(f"{sql} AS {name}" for name, sql in rules.columns.items())
    return engine.table(f"{rules.kind}_linkable", f"SELECT rid, {columns} FROM {rules.records}")


def linker(
    engine: Engine, rules: LinkageRules, model: Model | None, fixed: dict[tuple[str, str], float]
) -> Any:
    """A Splink linker over `<kind>_linkable`. `fixed` gives u of levels that were counted exactly."""
    from splink import Linker, SettingsCreator  # noqa: PLC0415 - slow to import, and only linkage needs it

    calls = make_macros(engine, rules)
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="rid",
        comparisons=[comparison_settings(one, model, fixed, calls) for one in rules.comparisons],
        blocking_rules_to_generate_predictions=[],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=True,
        probability_two_random_records_match=model.prior if model else 1e-6,
        max_iterations=15,
    )
    api = engine.splink()
    # Splink's own check of the settings parses every expression once more, and only logs.
    return Linker(
        api.register(f"{rules.kind}_linkable"),
        settings,
        log_level="ERROR",
        validate_settings=False,
    )


def score(engine: Engine, rules: LinkageRules, model: Model) -> int:
    """Make `<kind>_scored` from `<kind>_pairs`; return its rows. Pairs far below review are not kept."""
    one = linker(engine, rules, model, {})
    engine.table(
        "splink_pairs",
        "SELECT '0' AS match_key, rid_l AS join_key_l, rid_r AS join_key_r"
        f" FROM {rules.kind}_pairs",
    )
    pairs = one.table_management.register_blocked_pairs_for_predict(
        engine.splink().register("splink_pairs")
    )
    # Else Splink first copies the records that stand in pairs, once for each side: nearly all do.
    pairs.metadata["registered_for_predict"] = False
    scored = one.inference.predict(
        threshold_match_weight=rules.thresholds.review - FAR_BELOW, warning_mode="never"
    )
    parts = ", ".join(
        part for comparison in rules.comparisons for part in _parts(comparison, model)
    )
    rows = engine.table(
        f"{rules.kind}_scored",
        f"SELECT rid_l, rid_r, match_weight, {parts} FROM {scored.physical_name}",
    )
    one.table_management.invalidate_cache()
    engine.drop("splink_pairs")
    return rows


def _parts(comparison: Comparison, model: Model) -> list[str]:
    """What one comparison found and gives. Splink keeps the weight only; the level is the one that weighs so."""
    name = comparison.name
    levels = [level for level in comparison.levels if not level.missing]
    found = " ".join(
        f"WHEN abs(mw_{name} - ({weight.bits!r})) < 1e-9 THEN {len(levels) - 1 - number}"
        for number, level in enumerate(levels)
        if (weight := model.weight(name, level.name))
    )
    parts = [f"CASE {found} ELSE -1 END AS gamma_{name}", f"mw_{name}"]
    return [*parts, f"mw_tf_adj_{name}"] if any(level.tf for level in levels) else parts


def comparison_settings(
    one: Comparison,
    model: Model | None,
    fixed: dict[tuple[str, str], float],
    calls: Calls,
) -> dict[str, Any]:
    """One comparison in Splink's words. `calls`: the SQL of levels that are macros of the engine."""
    return {
        "output_column_name": one.name,
        "comparison_description": one.sentence,
        "comparison_levels": [_level(one, level, model, fixed, calls) for level in one.levels],
    }


def _level(
    one: Comparison,
    level: Level,
    model: Model | None,
    fixed: dict[tuple[str, str], float],
    calls: Calls,
) -> dict[str, Any]:
    sql = calls.get((one.name, level.name), level.sql)
    out: dict[str, Any] = {"sql_condition": sql, "label_for_charts": level.name}
    if level.missing:
        return out | {"is_null_level": True}
    if level.tf:
        out |= {"tf_adjustment_column": level.tf, "tf_minimum_u_value": level.tf_floor}
    known = model.weight(one.name, level.name) if model else None
    if known:
        return out | {"m_probability": known.m, "u_probability": known.u}
    u = fixed.get((one.name, level.name), level.u)
    if u is not None:
        out |= {"u_probability": u, "fix_u_probability": True}
    if level.m is not None:
        out |= {"m_probability": level.m, "fix_m_probability": True}
    return out
