"""The oracle: what a programme document says of a case, worked out the slow and obvious way from its
YAML. Written from docs/eligibility.md; shares no code with mdm/eligibility.

A value is yes, no or dunno. A case is plain data: person, family and members as dicts of values,
with `_sources`, `_doubtful`, and the names of values too old to say anything, `_outdated`.
"""

from __future__ import annotations

from typing import Any

YES, NO, DUNNO = "yes", "no", "dunno"


def outcome(document: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    """Outcome, rule by rule, with amounts."""
    rules = {}
    for rule in document["requirements"]:
        rules[rule["name"]] = holds(document, rule["that"], case, None)
    for rule in document.get("exclusions", []):
        rules[rule["name"]] = _flip(holds(document, rule["that"], case, None))
    sure = possible = 0.0
    if "components" in document:
        rules[document["components"]["name"]], sure, possible = components(document, case)
    elif "amount" in document:
        sure = possible = number(document, document["amount"]["number"])
    if case["suspended"]:
        answer = "undetermined"
    elif NO in rules.values():
        answer = "not-eligible"
    elif DUNNO in rules.values():
        answer = "undetermined"
    else:
        answer = "eligible"
    if answer == "not-eligible":
        sure = possible = 0
    return {"answer": answer, "rules": rules, "sure": sure, "possible": possible}


def components(document: dict[str, Any], case: dict[str, Any]) -> tuple[str, float, float]:
    """Whether somebody is such a one, and the amounts of the best four."""
    part = document["components"]
    people = case["members"] if document["unit"] == "family" else [case["person"]]
    found, surely, maybe = [], [], []
    for one in people:
        yes, could = [0], [0]
        for ground in part["of"]:
            truth = member_is(document, ground["that"], case, one)
            found.append(truth)
            amount = number(document, ground["amount"])
            yes += [amount] if truth == YES else []
            could += [amount] if truth != NO else []
        surely.append(max(yes))
        maybe.append(max(could))
    most = int(number(document, part["most"]))
    if YES in found:
        truth = YES
    elif DUNNO in found or (document["unit"] == "family" and not case["complete"]):
        truth = DUNNO
    else:
        truth = NO
    return truth, sum(sorted(surely)[-most:]), sum(sorted(maybe)[-most:])


def member_is(document: dict[str, Any], that: Any, case: dict[str, Any], member: Any) -> str:
    """A condition of one member who counts; of one in doubt a yes is not believed."""
    truths = [holds(document, that, case, member)]
    if "counted" in document:
        truths.append(holds(document, document["counted"], case, member))
    truth = NO if NO in truths else DUNNO if DUNNO in truths else YES
    mistrusted = member["_doubtful"] and member is not case["person"]
    return DUNNO if truth == YES and mistrusted else truth


def holds(  # noqa: PLR0911 - one way out for each kind of condition
    document: dict[str, Any], that: Any, case: dict[str, Any], member: Any
) -> str:
    """A condition, by cases."""
    if "all" in that:
        truths = [holds(document, one, case, member) for one in that["all"]]
        return NO if NO in truths else DUNNO if DUNNO in truths else YES
    if "any" in that:
        truths = [holds(document, one, case, member) for one in that["any"]]
        return YES if YES in truths else DUNNO if DUNNO in truths else NO
    if "not" in that:
        return _flip(holds(document, that["not"], case, member))
    if "elsewhere" in that:
        return DUNNO
    if "some_member" in that:
        truths = [member_is(document, that["some_member"], case, one) for one in case["members"]]
        if YES in truths:
            return YES
        return DUNNO if DUNNO in truths or not case["complete"] else NO
    return test(document, that, member if that["of"] == "member" else case[that["of"]])


def test(  # noqa: PLR0911 - one way out for each kind of test
    document: dict[str, Any], that: Any, who: Any
) -> str:
    """One attribute of one."""
    if who is None:
        return DUNNO
    value = who.get(that["attribute"])
    if value is None:
        if that["attribute"] in who.get("_outdated", ()):
            return DUNNO
        told_by = that.get("told_by", [])
        heard = not told_by or any(source in who["_sources"] for source in told_by)
        return (
            {"unknown": DUNNO, "yes": YES, "no": NO}[that.get("silent", "unknown")]
            if heard
            else DUNNO
        )
    if "present" in that:
        return {"unknown": DUNNO, "yes": YES, "no": NO}[that["present"]]
    if "between" in that:
        low, high = that["between"]
        readings = {
            (low is None or value >= a) and (high is None or value <= b)
            for a in readings_of(document, low)
            for b in readings_of(document, high)
        }
        return DUNNO if len(readings) == 2 else YES if True in readings else NO
    if "is" in that:
        return YES if value == that["is"] else NO
    return YES if value in that["in"] else DUNNO if value in that.get("unsure", []) else NO


def number(document: dict[str, Any], name: str) -> float:
    """A number in force."""
    return document["numbers"][name]["value"]


def readings_of(document: dict[str, Any], name: str | None) -> list[float]:
    """A number in force, and where it is disputed what the other sources say."""
    if name is None:
        return [0]
    said = document["numbers"][name]
    others = [other["value"] for other in said.get("also_said", [])]
    return [said["value"], *(others if said.get("disputed") else [])]


def _flip(truth: str) -> str:
    return {YES: NO, NO: YES, DUNNO: DUNNO}[truth]
