"""`dtsen serve`: the service."""

from __future__ import annotations

import click

from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options


@click.command()
@shared_options
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port."
)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Server processes."
)
@pass_session
def serve(session: Session, *, host: str, port: int, workers: int) -> None:
    """Serve the API: lookup, eligibility, audit, administration.

    The description of every route is at /schema. Put a proxy that ends TLS before it; without one,
    listen on this machine only.
    """
    from api.serve import can_listen  # noqa: PLC0415 - loads the whole service
    from api.serve import serve as run  # noqa: PLC0415
    from mdm.access.setup import needed, write_token  # noqa: PLC0415

    with opened(session) as hub:  # says at once what is wrong with the home
        hub.keys.check()
        token = write_token(hub) if needed(hub) else None
    with can_listen(host, port):
        if not session.quiet and token is not None:
            session.err.print(f"No account yet. Set-up token for the first one: {token}")
        if not session.quiet:
            session.err.print(f"http://{host}:{port}  ·  /schema  ·  /health/ready")
        run(session.home, host, port, workers)
