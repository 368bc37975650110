"""A small linkage document for tests of single steps."""

from __future__ import annotations

from typing import Any

from matching.rules import LinkageRules


def small_rules(**changes: Any) -> LinkageRules:
    """Two columns, one comparison; `changes` replace whole parts."""
    document: dict[str, Any] = {
        "kind": "person",
        "sentence": "A test.",
        "records": "person_standardised",
        "columns": {"a": "a", "source": "source"},
        "blocking": [{"name": "same a", "sentence": "Same a.", "keys": ["a"]}],
        "max_pairs_per_record": 10,
        "comparisons": [
            {
                "name": "a",
                "sentence": "Whether a agrees.",
                "levels": [
                    {"name": "same", "sentence": "Same.", "sql": "a_l = a_r"},
                    {"name": "different", "sentence": "Different.", "sql": "ELSE"},
                ],
            }
        ],
        "training": {
            "u_pairs": 1e5,
            "em_pairs": 1e5,
            "em_blocks": [["a"]],
            "certain": [{"keys": ["a"], "recall": 0.5}],
        },
        "thresholds": {"link": 4, "review": 0},
    }
    return LinkageRules.model_validate(document | changes)
