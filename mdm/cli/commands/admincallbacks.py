"""`dtsen admin callback`: where answers to a client may be sent."""

from __future__ import annotations

import click

from mdm.cli.administering import printed
from mdm.cli.answers import done
from mdm.cli.asking import operator
from mdm.cli.groups import Group
from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options


@click.group(cls=Group)
def callback() -> None:
    """Addresses agreed on, to which answers to a client are sent (DCI)."""


@callback.command("list")
@shared_options
@click.argument("name")
@pass_session
def callback_list(session: Session, *, name: str) -> None:
    """The addresses agreed on with a client."""
    from mdm import exchanges
    from mdm.access import clients

    with opened(session) as hub, hub.sessions.read() as reading:
        agreed = exchanges.callbacks(reading, clients.find(reading, name).id)
    printed(session, "callbacks", "Callbacks", [{"address": uri} for uri in agreed])


@callback.command("add")
@shared_options
@click.argument("name")
@click.argument("address")
@click.option("--approval", help="The approval of another person, once given.")
@pass_session
def callback_add(session: Session, *, name: str, address: str, approval: str | None) -> None:
    """Let answers to a client be sent to an address: exactly this one. Once two people could approve, another must."""
    from mdm.access.administration import agree_callback

    with opened(session) as hub:
        agree_callback(hub, operator(), name, address, approval=approval, alone=True)
    done(session, f"Answers to {name} may go there.")


@callback.command("remove")
@shared_options
@click.argument("name")
@click.argument("address")
@pass_session
def callback_remove(session: Session, *, name: str, address: str) -> None:
    """Let no answer go to an address any more; what waits for it is given up."""
    from mdm import exchanges
    from mdm.access import clients

    with opened(session) as hub, hub.sessions.begin() as writing:
        found = clients.find(writing, name)
        exchanges.withdraw_callback(writing, found.id, address, operator())
    done(session, f"No answer to {name} goes there any more.")
