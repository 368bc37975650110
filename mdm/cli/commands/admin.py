"""`dtsen admin`: accounts, roles, clients, honey, approvals and alarms, on the hub's own machine.

No secret is taken from the command line, where other users and the shell's history would see it:
passwords and NIKs are read from the terminal, or from standard input.
"""

from __future__ import annotations

import click

from mdm.cli.administering import printed
from mdm.cli.answers import done, emit_json, say
from mdm.cli.asking import ask, ask_nik, operator
from mdm.cli.commands.admincallbacks import callback
from mdm.cli.commands.adminclients import client
from mdm.cli.groups import Group
from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options


@click.group(cls=Group)
def admin() -> None:
    """Accounts of staff, their roles, clients and their keys, approvals, alarms."""


admin.add_command(client)
admin.add_command(callback)


@admin.command("setup-token")
@shared_options
@pass_session
def setup_token(session: Session) -> None:
    """Write the one-time token that makes the first account, into a file only you can read."""
    from mdm.access.setup import write_token

    with opened(session) as hub:
        path = write_token(hub)
        where, hours = hub.settings.access.issuer, hub.settings.access.setup_hours
    if session.json:
        emit_json(session, {"file": path})
        return
    say(session, f"Set-up token: {path}")
    say(
        session,
        f"Good once, for {hours} hours. Open {where}/penyiapan while the service runs, and choose login and password.",
    )


@admin.group()
def user() -> None:
    """Accounts of staff."""


@user.command("list")
@shared_options
@pass_session
def user_list(session: Session) -> None:
    """Every account with its roles."""
    from mdm.access import roles, staff, totp

    with opened(session) as hub, hub.sessions.read() as reading:
        rows = [
            {
                "id": one.id,
                "login": one.login,
                "state": one.state,
                "second_factor": totp.set_up(one),
                "roles": [
                    f"{role} {region}".strip() for role, region in roles.held(reading, one.id)
                ],
            }
            for one in staff.all_staff(reading)
        ]
    printed(session, "users", "Accounts", rows)


@user.command("add")
@shared_options
@click.argument("login")
@pass_session
def user_add(session: Session, *, login: str) -> None:
    """A new account; reads the password for its first login. Roles are granted apart."""
    from mdm.access import staff
    from mdm.hub.columns import now

    password = ask("Password for the first login: ")
    with opened(session) as hub, hub.sessions.begin() as writing:
        hours = hub.settings.access.one_time_hours
        until = now() + hub.settings.access.one_time_life
        made = staff.create(writing, login, password, actor=operator(), until=until)
    if session.json:
        emit_json(session, {"id": made.id, "login": made.login, "until": until})
    else:
        say(
            session,
            f"{made.login} is {made.id}. The password is to be changed at the first login, within {hours} hours.",
        )


@user.command("disable")
@shared_options
@click.argument("login")
@pass_session
def user_disable(session: Session, *, login: str) -> None:
    """Let somebody in no more; their sessions end now."""
    from mdm.access import staff

    with opened(session) as hub, hub.sessions.begin() as writing:
        staff.disable(writing, staff.find(writing, login), actor=operator())
    done(session, f"{login} is disabled.")


@user.command("enable")
@shared_options
@click.argument("login")
@click.option("--approval", help="The approval of another person, once given.")
@pass_session
def user_enable(session: Session, *, login: str, approval: str | None) -> None:
    """Let somebody in again, with the roles held before. Once two people could approve, another must."""
    from mdm.access.administration import enable_user

    with opened(session) as hub:
        enable_user(hub, operator(), login, approval=approval, alone=True)
    done(session, f"{login} is enabled.")


@user.command("sign-out")
@shared_options
@click.argument("login")
@pass_session
def user_sign_out(session: Session, *, login: str) -> None:
    """End the sessions of somebody, who may sign in again."""
    from mdm.access import staff

    with opened(session) as hub, hub.sessions.begin() as writing:
        staff.sign_out(writing, staff.find(writing, login), actor=operator())
    done(session, f"The sessions of {login} have ended.")


@user.command("reset")
@shared_options
@click.argument("login")
@click.option("--approval", help="The approval of another person, once given.")
@pass_session
def user_reset(session: Session, *, login: str, approval: str | None) -> None:
    """A new password, read here, to be changed at once; the second factor is set up anew.

    For an account with a role that needs a second factor, or that approves what others ask, another person must
    approve.
    """
    from mdm.access.administration import reset_user

    password = ask("Password for the next login: ")
    with opened(session) as hub:
        reset_user(hub, operator(), login, password, approval=approval, alone=True)
        hours = hub.settings.access.one_time_hours
    done(session, f"{login} is reset. The password is good for {hours} hours.")


@admin.group()
def role() -> None:
    """Roles of staff."""


@role.command("grant")
@shared_options
@click.argument("login")
@click.argument("name")
@click.option("--region", default="", help="First digits of a Kemendagri code; else the country.")
@click.option("--approval", help="The approval of another person, once given.")
@pass_session
def role_grant(
    session: Session, *, login: str, name: str, region: str, approval: str | None
) -> None:
    """Give somebody a role. Once two people could approve, another person must."""
    from mdm.access.administration import grant_role

    with opened(session) as hub:
        given = grant_role(hub, operator(), login, name, region, approval=approval, alone=True)
    if session.json:
        emit_json(session, {"id": given.id, "role": name, "region": region})
    else:
        say(session, f"{login} is {name} now, for {region or 'the whole country'}.")


@role.command("revoke")
@shared_options
@click.argument("login")
@click.argument("name")
@click.option("--region", help="For this region only.")
@pass_session
def role_revoke(session: Session, *, login: str, name: str, region: str | None) -> None:
    """Take a role away."""
    from mdm.access import roles, staff

    with opened(session) as hub, hub.sessions.begin() as writing:
        found = staff.find(writing, login)
        roles.revoke(writing, found.id, name, region, actor=operator())
    done(session, f"{login} is no longer {name}.")


@admin.group()
def honey() -> None:
    """NIKs that nobody has."""


@honey.command("add")
@shared_options
@pass_session
def honey_add(session: Session) -> None:
    """Set out a NIK nobody has, read here: who asks for it raises an alarm."""
    from mdm.access.honey import add_honey

    nik = ask_nik()
    with opened(session) as hub, hub.sessions.begin() as writing:
        new = add_honey(hub, writing, nik, actor=operator())
    done(session, "It is set out." if new else "It was set out before.")


@admin.group()
def approvals() -> None:
    """Requests that wait for another person."""


@approvals.command("list")
@shared_options
@pass_session
def approvals_list(session: Session) -> None:
    """What waits, oldest first."""
    from mdm.access.approvals import waiting

    with opened(session) as hub, hub.sessions.read() as reading:
        rows = [
            {
                "id": one.id,
                "action": one.action,
                "summary": one.summary,
                "requested_by": one.requested_by,
                "expires": one.expires,
            }
            for one in waiting(reading)
        ]
    printed(session, "approvals", "Waiting for another person", rows)


@approvals.command("approve")
@shared_options
@click.argument("approval")
@click.option("--as", "login", required=True, help="Who approves; asks for password and code.")
@click.option("--refuse", is_flag=True, help="Refuse instead.")
@pass_session
def approvals_approve(session: Session, *, approval: str, login: str, refuse: bool) -> None:
    """Approve another person's request, as a member of staff who proves who they are."""
    from mdm.access.approvals import answer
    from mdm.access.login import Attempt, log_in, log_out
    from mdm.access.sessions import enter

    with opened(session) as hub:
        password, code = ask("Password: "), ask("Code of the second factor, if any: ")
        secret, _ = log_in(hub, Attempt(login, password, code.strip() or None))
        approver = enter(hub, secret).principal
        try:
            with hub.sessions.begin() as writing:
                answer(writing, approver, approval, approve=not refuse)
        finally:
            log_out(hub, secret, approver.id)
    done(session, f"{approval} is {'refused' if refuse else 'approved'}.")


@approvals.command("withdraw")
@shared_options
@click.argument("approval")
@pass_session
def approvals_withdraw(session: Session, *, approval: str) -> None:
    """Take back a request that was put down here and is not done yet."""
    from mdm.access.approvals import withdraw

    with opened(session) as hub, hub.sessions.begin() as writing:
        withdraw(writing, operator(), approval)
    done(session, f"{approval} is withdrawn.")


@admin.command("alarms")
@shared_options
@pass_session
def alarms(session: Session) -> None:
    """The latest alarms."""
    from mdm.access.alarms import KINDS
    from mdm.access.alarms import alarms as latest

    with opened(session) as hub, hub.sessions.read() as reading:
        rows = [
            {"at": one.at, "kind": one.kind, "who": one.principal, "what": KINDS[one.kind]}
            for one in latest(reading)
        ]
    printed(session, "alarms", "Alarms", rows)
