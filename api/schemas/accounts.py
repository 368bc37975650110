"""Accounts of staff and their roles, as administrators send and read them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from api.forms import form
from api.schemas.admin import ApprovalId, Region
from api.schemas.auth import Login
from mdm.access.roles import staff_roles

Who = Annotated[
    str,
    Meta(
        pattern=form(
            r"^[a-z][a-z0-9._-]{2,62}\Z",
            "begins with a small letter and has 3 to 63 small letters, digits and . _ -",
        ),
        description="Id or login.",
        examples=["siti.aminah"],
    ),
]
RoleName = Annotated[
    str,
    Meta(
        pattern=form(r"^[a-z][a-z-]{2,30}\Z", "is one of the roles that the schema lists"),
        description="One of the staff roles.",
        examples=["officer"],
        extra_json_schema={"enum": sorted(staff_roles())},
    ),
]


class HeldRole(msgspec.Struct):
    """A role, and the region it is held for."""

    role: str
    region: str


class User(msgspec.Struct):
    """An account of staff."""

    id: str
    login: str
    state: str
    second_factor: bool
    must_change_password: bool
    roles: list[HeldRole]


class Users(msgspec.Struct):
    """Every account, by login."""

    users: list[User]


class NewUser(msgspec.Struct, forbid_unknown_fields=True):
    """The login of a new account; it holds no role yet."""

    login: Login


class OneTimePassword(msgspec.Struct):
    """The account, and the password to hand over to its owner: shown this once, to be changed at
    the first login, which must come before `until`."""

    id: str
    login: str
    password: str
    until: datetime


class NamedUser(msgspec.Struct, forbid_unknown_fields=True):
    """Which account."""

    user: Who


class ResetQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """Which account. With `approval`, where another person had to approve."""

    user: Who
    approval: ApprovalId | None = None


class RoleQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """Which role for whom, where. With `approval`, the same request as was approved."""

    user: Who
    role: RoleName
    region: Region = ""
    approval: ApprovalId | None = None


class RoleAway(msgspec.Struct, forbid_unknown_fields=True):
    """Which role to take from whom: for one region, or all."""

    user: Who
    role: RoleName
    region: Region | None = None
