"""`dtsen admin client`: the machines of programmes and monitors, their agreements and keys."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mdm.cli.administering import printed
from mdm.cli.answers import emit_json, say
from mdm.cli.asking import operator
from mdm.cli.groups import Group
from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options

if TYPE_CHECKING:
    from mdm.access.agreements import Agreement
    from mdm.compose import Hub

_KEY = click.Path(dir_okay=False, path_type=Path)
_DASHED = re.compile(r"-[\w-]{42}")
_DAY = click.DateTime(formats=["%Y-%m-%d"])


_F = TypeVar("_F", bound=Callable[..., Any])
_TERMS = (
    click.option("--agreement", "number", required=True, help="Number of the agreement."),
    click.option(
        "--from", "start", type=_DAY, required=True, help="First day it is in force (in Jakarta)."
    ),
    click.option("--to", "end", type=_DAY, required=True, help="Last day it is in force."),
    click.option("--programme", "programmes", multiple=True, help="May be repeated."),
    click.option("--purpose", "purposes", multiple=True, help="May be repeated."),
    click.option(
        "--region", "regions", multiple=True, help="First digits; none: the whole country."
    ),
    click.option(
        "--monitor", is_flag=True, help="No programme, purpose or region: reads /metrics only."
    ),
    click.option(
        "--fields", type=_KEY, help="JSON file: kind → attributes, fewer than the role sees."
    ),
    click.option("--limits", type=_KEY, help="JSON file with limits of its own."),
)


def _agreeing(command: _F) -> _F:
    """The options that say an agreement."""
    for option in reversed(_TERMS):
        command = option(command)
    return command


@click.group(cls=Group)
def client() -> None:
    """Machines of programmes."""


@client.command("list")
@shared_options
@pass_session
def client_list(session: Session) -> None:
    """Every client with its agreement."""
    from mdm.access import clients
    from mdm.days import local

    with opened(session) as hub, hub.sessions.read() as reading:
        rows = [
            {
                "id": one.id,
                "name": one.name,
                "state": one.state,
                "agreement": one.agreement,
                "until": local(one.valid_to).date(),
                "programmes": one.programmes,
                "purposes": one.purposes,
                "regions": [region or "all" for region in one.regions],
            }
            for one in clients.all_clients(reading)
        ]
    printed(session, "clients", "Clients", rows)


@client.command("add")
@shared_options
@click.argument("name")
@click.option("--key", type=_KEY, help="The client's public key: a file with a JWK.")
@click.option("--make-key", type=_KEY, help="Or: make a key pair and write it to this new file.")
@_agreeing
@click.option("--approval", help="The approval of another person, once given.")
@pass_session
def client_add(
    session: Session,
    /,
    *,
    name: str,
    key: Path | None,
    make_key: Path | None,
    approval: str | None,
    **terms: Any,
) -> None:
    """Register a client under its agreement. The hub keeps its public key only."""
    if (key is None) == (make_key is None):
        raise click.UsageError("Give either --key or --make-key.")
    from mdm.access import keyfiles
    from mdm.access.administration import register_client

    with opened(session) as hub:
        agreement = _agreement(hub, terms)
        if make_key is None:
            public = keyfiles.read_jwk(key or Path())
        elif approval is None:
            private = keyfiles.make_key()
            keyfiles.write_key(make_key, private)
            public = keyfiles.public_of(private)
        else:  # the file was made when the request was put down
            public = keyfiles.public_of(keyfiles.read_jwk(make_key))
        made = register_client(
            hub, operator(), name, agreement, public, approval=approval, alone=True
        )
    if make_key is not None:
        keyfiles.name_client(make_key, made.id)
    if session.json:
        emit_json(session, {"id": made.id, "name": made.name, "key_file": make_key})
        return
    say(session, f"{made.name} is {made.id}.")
    if make_key is not None:
        say(
            session,
            f"Its private key and id: {make_key}. Hand it over by a safe way, and keep no copy.",
        )


@client.command("amend")
@shared_options
@click.argument("name")
@_agreeing
@click.option("--approval", help="The approval of another person, once given.")
@pass_session
def client_amend(session: Session, /, *, name: str, approval: str | None, **terms: Any) -> None:
    """Another version of a client's agreement, named as a whole; it speaks at once. The one before is kept."""
    from mdm.access.administration import amend_agreement

    with opened(session) as hub:
        agreement = _agreement(hub, terms)
        version = amend_agreement(hub, operator(), name, agreement, approval=approval, alone=True)
    if session.json:
        emit_json(session, {"version": version})
    else:
        say(session, f"The agreement of {name} stands in version {version}.")


@client.command("history")
@shared_options
@click.argument("name")
@pass_session
def client_history(session: Session, *, name: str) -> None:
    """What a client's agreement said before, and from when until when."""
    from mdm.access import agreements, clients

    with opened(session) as hub, hub.sessions.read() as reading:
        former = agreements.former(reading, clients.find(reading, name).id)
        rows = [
            {
                "version": one.version,
                "agreement": one.agreement,
                "since": one.since,
                "until": one.until,
                "programmes": one.programmes,
                "purposes": one.purposes,
                "regions": [region or "all" for region in one.regions],
                "approved_by": one.approved_by,
            }
            for one in former
        ]
    printed(session, "versions", f"Former versions of the agreement of {name}", rows)


@client.command("disable")
@shared_options
@click.argument("name")
@pass_session
def client_disable(session: Session, *, name: str) -> None:
    """Refuse a client and its tokens, from now on."""
    from mdm.access import clients

    with opened(session) as hub, hub.sessions.begin() as writing:
        clients.disable(writing, clients.find(writing, name), actor=operator())
    if session.json:
        emit_json(session, {"done": True})
    else:
        say(session, f"{name} is disabled.")


@client.command("enable")
@shared_options
@click.argument("name")
@click.option("--approval", help="The approval of another person, once given.")
@pass_session
def client_enable(session: Session, *, name: str, approval: str | None) -> None:
    """Take a client's questions again. Once two people could approve, another person must."""
    from mdm.access.administration import enable_client

    with opened(session) as hub:
        enable_client(hub, operator(), name, approval=approval, alone=True)
    if session.json:
        emit_json(session, {"done": True})
    else:
        say(session, f"{name} is enabled.")


class _NamesKey(click.Command):
    """A command that a key's id is given: every 64th begins with a dash (RFC 7638), and is no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ids = [one for one in args if _DASHED.fullmatch(one)]
        others = [one for one in args if one not in ids]
        return super().parse_args(ctx, [*others, "--", *ids] if ids else others)


@client.command("withdraw-key", cls=_NamesKey)
@shared_options
@click.argument("name")
@click.argument("kid")
@pass_session
def client_withdraw_key(session: Session, *, name: str, kid: str) -> None:
    """Take a public key away without another in its place; tokens given before end."""
    from mdm.access import clients

    with opened(session) as hub, hub.sessions.begin() as writing:
        clients.withdraw_key(writing, clients.find(writing, name), kid, actor=operator())
    if session.json:
        emit_json(session, {"done": True})
    else:
        say(session, f"{name} is no longer known by {kid}.")


@client.command("rotate-key")
@shared_options
@click.argument("name")
@click.option("--key", type=_KEY, required=True, help="The new public key: a file with a JWK.")
@click.option("--approval", help="The approval of another person, once given.")
@pass_session
def client_rotate_key(session: Session, *, name: str, key: Path, approval: str | None) -> None:
    """Put a new public key in the place of all others; tokens given before end."""
    from mdm.access import keyfiles
    from mdm.access.administration import rotate_client_key

    public = keyfiles.read_jwk(key)
    with opened(session) as hub:
        kid = rotate_client_key(hub, operator(), name, public, approval=approval, alone=True)
    if session.json:
        emit_json(session, {"kid": kid})
    else:
        say(session, f"{name} is known by {kid} now.")


def _agreement(hub: Hub, terms: Mapping[str, Any]) -> Agreement:
    """The agreement that the options say. InputError when it does not hold together."""
    if terms["monitor"] and (terms["programmes"] or terms["purposes"] or terms["regions"]):
        raise click.UsageError("A monitor names no programme, no purpose and no region.")
    from mdm.access.agreements import read_agreement
    from mdm.days import begin_of, end_of
    from mdm.eligibility.library import current

    return read_agreement(
        {
            "number": terms["number"],
            "valid_from": begin_of(terms["start"]),
            "valid_to": end_of(terms["end"]),
            "programmes": terms["programmes"],
            "purposes": terms["purposes"],
            "regions": terms["regions"] or (() if terms["monitor"] else ("",)),
            "fields": _read(terms["fields"]),
            "limits": _read(terms["limits"]),
        },
        current(hub).names,
    )


def _read(path: Path | None) -> Any:
    if path is None:
        return None
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise click.UsageError(f"{path.name} cannot be read as JSON.") from None


@client.command("assertion")
@shared_options
@click.option("--key", type=_KEY, required=True, help="The client's private key, with its id.")
@click.option("--issuer", metavar="URL", help="The hub's address; then no home is needed here.")
@pass_session
def client_assertion(session: Session, *, key: Path, issuer: str | None) -> None:
    """Sign a client assertion, to ask for a token by hand: good once, for two minutes."""
    from mdm.access import keyfiles
    from mdm.access.asserting import client_assertion as signed

    if issuer is None:
        with opened(session) as hub:
            issuer = hub.settings.access.issuer
    text = signed(keyfiles.read_jwk(key), issuer.rstrip("/"))
    if session.json:
        emit_json(session, {"assertion": text})
    else:
        session.out.print(text, soft_wrap=True, highlight=False)
