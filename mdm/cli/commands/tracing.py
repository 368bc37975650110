"""`audit trace` and `audit breach`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from mdm.cli.answers import emit_json, say, table
from mdm.cli.asking import ask_nik, operator
from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options

if TYPE_CHECKING:
    from matching.rules import Kind
    from mdm.subjects.breach import BreachReport
    from mdm.tracing.facts import Pair, Record, Trace, Value

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@click.command()
@shared_options
@click.argument("attributes", nargs=-1, metavar="[ATTRIBUTE]…")
@click.option("--entity", help="An entity id, instead of a NIK on standard input.")
@click.option("--kind", type=click.Choice(["person", "family", "household"]), help="Whose value.")
@click.option("--as-of", type=MOMENT, help="As readers saw it then (UTC).")
@click.option(
    "--purpose", default="audit", show_default=True, metavar="CODE", help="What it is for."
)
@click.option("--case", metavar="NO", help="The case the purpose belongs to.")
@click.option("--no-evidence", is_flag=True, help="Leave out what takes seconds: pair by pair.")
@click.option("--whole-records", is_flag=True, help="All columns of the records, not only these.")
@pass_session
def trace(
    session: Session,
    *,
    attributes: tuple[str, ...],
    entity: str | None,
    kind: Kind | None,
    as_of: datetime | None,
    purpose: str,
    case: str | None,
    no_evidence: bool,
    whole_records: bool,
) -> None:
    """From golden values back to the rows of the files they came from.

    Names of ATTRIBUTES (name, birth_date, desil, …), or none for all. The NIK is asked for on
    standard input. The trace reveals values, and is in the audit log before it is shown.
    """
    if any(name.isdigit() for name in attributes):
        raise click.UsageError("The NIK is read from standard input, never from the command line.")
    from mdm.tracing import TraceRequest, traced

    request = TraceRequest(
        nik=None if entity else ask_nik(),
        entity_id=entity,
        attributes=attributes,
        kind=kind,
        as_of=utc(as_of),
        evidence=not no_evidence,
        whole_records=whole_records,
    )
    with opened(session) as hub:
        found = traced(hub, request, session.progress, actor=operator(), purpose=purpose, case=case)
    if session.json:
        emit_json(session, {"trace": found})
    else:
        _show_trace(session, found)


def _show_trace(session: Session, found: Trace) -> None:
    from mdm.tracing.sentences import why

    run = found.run
    say(
        session,
        f"{found.kind} {found.entity_id} · version {found.version} of run {found.sealed_by} · "
        f"as run {run.seq} published it",
    )
    say(session, f"rules {run.rules} {'(in force)' if run.rules_today else '(of that day)'}")
    say(session, f"models {', '.join(run.models.values()) or '–'} · audit event {run.event}")
    for title, columns, rows in _tables(found):
        if rows:
            session.out.print(table(title, columns, rows))
    for word in found.judgements:
        say(
            session,
            f"{word.actor} judged {word.left} + {word.right} {word.judgement}: {why(word.reason).en}",
        )


def _tables(found: Trace) -> Iterator[tuple[str, Sequence[str], Sequence[Sequence[Any]]]]:
    """Title, columns and rows of what a trace shows, from the values to the files."""
    yield "Values", ("attribute", "value", "record", "why"), [_value(one) for one in found.values]
    columns = ("record", "source", "file", "row", "batch", "date", "landed", "standardised")
    rows = [_record(number, record) for number, record in enumerate(found.records, 1)]
    yield "Source records", columns, rows
    pairs = [_pair(pair) for pair in found.pairs]
    yield "Pairs", ("pair", "weight", "judgement", "reason", "evidence"), pairs
    came = [
        (one.id, one.file, one.checksum[:16], one.landed_at, one.agreement, one.event)
        for one in found.deliveries
    ]
    yield "Deliveries", ("batch", "file", "sha-256", "landed", "agreement", "event"), came


def _value(value: Value) -> Sequence[Any]:
    text = Text(_text(value.value), style="bold")
    for loser in value.losers:
        lost = f"\n✗ {_text(loser.value)} · record {_number(loser.record)} · {loser.because.en}"
        text.append(lost, style="not bold dim")
    return value.label.en, text, _number(value.record), value.sentence.en


def _number(place: int) -> str:
    """What people call a record by: the first of the list is 1, as on the pages."""
    return str(place + 1)


def _record(number: int, record: Record) -> Sequence[Any]:
    row = str(record.row) if record.row is not None else None
    return (
        str(number), record.source, record.file, row, record.batch, record.date,
        _cells(record.landed), _cells(record.standardised),
    )  # fmt: skip


def _pair(pair: Pair) -> Sequence[Any]:
    ends = [_number(end) if end is not None else "another" for end in (pair.left, pair.right)]
    steps = pair.evidence.steps if pair.evidence else ()
    told = "\n".join(f"{step.bits:+.2f} {step.comparison}: {step.level}" for step in steps)
    if pair.evidence:
        made = "" if pair.evidence.exact else " (by what stands today; the run's own was another)"
        told = f"{pair.evidence.prior:+.2f} before looking{made}\n{told}"
    weight = f"{pair.match_weight:.2f}" if pair.match_weight is not None else None
    return " + ".join(ends), weight, pair.judgement, pair.sentence, told or None


def _cells(row: dict[str, Any] | None) -> str | None:
    if row is None:
        return None
    return "; ".join(f"{name}: {value}" for name, value in row.items() if value is not None)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {part}" for name, part in value.items() if part is not None)
    return str(value)


@click.command()
@shared_options
@click.option("--actor", "who", help="A client's or member of staff's id, as the log says it.")
@click.option("--key", help="A key as purpose:version, such as profile:1 or root:1.")
@click.option("--since", type=MOMENT, required=True, help="From this moment on (UTC).")
@click.option("--until", type=MOMENT, required=True, help="Before this moment (UTC).")
@click.option(
    "--purpose", default="breach", show_default=True, metavar="CODE", help="What it is for."
)
@click.option("--case", metavar="NO", help="The case of the breach.")
@pass_session
def breach(
    session: Session,
    *,
    who: str | None,
    key: str | None,
    since: datetime,
    until: datetime,
    purpose: str,
    case: str | None,
) -> None:
    """Whose data a key, a client or a member of staff could have touched (UU 27/2022, article 46)."""
    from mdm.subjects.breach import Question, report

    if (who is None) == (key is None):
        raise click.UsageError("Name --actor or --key, and not both.")
    asked = Question(since.replace(tzinfo=UTC), until.replace(tzinfo=UTC), who, key)
    with opened(session) as hub:
        found = report(hub, asked, actor=operator(), purpose=purpose, case=case)
    if session.json:
        emit_json(session, {"breach": found})
    else:
        _show_breach(session, found)


def _show_breach(session: Session, found: BreachReport) -> None:
    rows = [
        (kind, count, *(found.classes.get(kind, {}).get(name, 0) for name in CLASSES))
        for kind, count in sorted(found.subjects.items())
    ]
    columns = ("kind", "subjects", *(f"{name} data" for name in CLASSES))
    session.out.print(table("Subjects that could have been touched", columns, rows))
    if found.acts:
        purposes = sorted(found.purposes.items())
        session.out.print(table("Acts by purpose", ("purpose", "acts"), purposes))
        say(session, f"{found.acts:,} acts, {found.not_found:,} of them found nobody.")
    for note in found.notes:
        say(session, note)
    say(session, "Each subject by its id: --json")


CLASSES = ("none", "general", "specific")


def utc(moment: datetime | None) -> datetime | None:
    """A moment typed without a time zone is in UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None else None
