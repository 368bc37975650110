"""Exchanges with other registries: each message once, each answer where it was agreed to go.

What a client writes as an id may be anything. It is looked up by a keyed token and kept sealed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from mdm import audit
from mdm.errors import ConflictError, InputError, IntegrityError, UnknownError
from mdm.hub.columns import now
from mdm.hub.dialect import dialect_of
from mdm.hub.tables import AgreedCallback, Exchange, ExchangeReference, SeenMessage
from mdm.keys import Keys
from mdm.seal import TOKEN_BYTES, Mac, Place, length_prefixed, seal, unseal

DOMAIN = "export"
KEPT = timedelta(days=30)  # how long a sender may ask what became of a message
CLAIM = timedelta(seconds=60)  # a worker that says nothing for so long has died
WAITING, ANSWERED, DELIVERED, UNDELIVERED = "waiting", "answered", "delivered", "undelivered"
_LETTERS = str.maketrans("0123456789", "ghijklmnop")  # the audit log takes no long run of digits
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Taken:
    """An exchange, open: `content` is what was asked, or what became of it."""

    id: str
    client_id: str
    state: str
    attempts: int
    revision: int
    created: datetime
    content: Any = field(repr=False)


def agree_callback(
    session: Session, client_id: str, uri: str, actor: str, *, approved_by: str | None = None
) -> None:
    """Let answers to a client go to an address; InputError for one that is not safe to call."""
    must_be_callable(uri)
    if session.get(AgreedCallback, (client_id, uri)) is None:
        session.add(AgreedCallback(client_id=client_id, uri=uri, added_by=actor))
        audit.record(session, actor, "callback.agree", id=[client_id, uri], approved_by=approved_by)


def must_be_new(session: Session, client_id: str, uri: str) -> None:
    """ConflictError for an address that was agreed on already."""
    if session.get(AgreedCallback, (client_id, uri)) is not None:
        raise ConflictError(
            "This address was agreed on already.", "Nothing is to be done.", code="callback-agreed"
        )


def must_be_callable(uri: str) -> None:
    """InputError for an address that is not safe to call, or holds a long number: the log and requests name it."""
    parts = urlsplit(uri)
    secure = parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in LOOPBACK  # a trial on one machine
    )
    odd = parts.username or parts.fragment or len(uri) > 500 or audit.LONG_NUMBER.search(uri)
    if not secure or not parts.hostname or odd:
        raise InputError(
            "This is not an address that answers can be sent to.",
            "Give a whole https URL without user name, fragment and long number.",
            code="callback-form",
        )


def withdraw_callback(session: Session, client_id: str, uri: str, actor: str) -> None:
    """Let no answer go there any more; UnknownError when none was to."""
    row = session.get(AgreedCallback, (client_id, uri))
    if row is None:
        raise UnknownError(
            "This address was not agreed on.",
            "See `dtsen admin callback list`.",
            code="callback-gone",
        )
    session.delete(row)
    audit.record(session, actor, "callback.withdraw", id=[client_id, uri])


def callbacks(session: Session, client_id: str) -> list[str]:
    """The addresses that answers to a client may go to."""
    query = select(AgreedCallback.uri).where(AgreedCallback.client_id == client_id)
    return sorted(session.exec(query).all())


class Exchanges:
    """The exchanges of one hub. Every method works inside the caller's unit of work."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def first_time(
        self, session: Session, client_id: str, message_id: str, expires: datetime
    ) -> bool:
        """Whether a client's message id is new. It is remembered until its signature expires."""
        connection = session.connection()
        dialect_of(connection).exclusive(connection, "exchange")
        tokens = self._tokens("message", client_id, message_id)
        query = select(SeenMessage.client_id).where(
            SeenMessage.client_id == client_id, col(SeenMessage.token).in_(tokens)
        )
        if session.exec(query).first() is not None:
            return False
        session.add(SeenMessage(client_id=client_id, token=tokens[0], expires=expires))
        session.flush()
        return True

    def begin(
        self,
        session: Session,
        client_id: str,
        transaction_id: str,
        references: Iterable[str],
        content: Any,
        *,
        due: datetime | None = None,
    ) -> str:
        """A new exchange, its references filed; return its id. `due`: a worker shall answer it."""
        exchange_id = secrets.token_hex(16).translate(_LETTERS)
        key = self._keys.domain(DOMAIN)
        session.add(
            Exchange(
                id=exchange_id,
                client_id=client_id,
                transaction_token=self._tokens("transaction", client_id, transaction_id)[0],
                state=WAITING,
                sealed=self._seal(exchange_id, 0, key.version, content),
                key_id=key.version,
                due=due,
                expires=now() + KEPT,
            )
        )
        session.flush()
        for reference in dict.fromkeys(references):
            token = self._tokens("reference", client_id, reference)[0]
            session.add(
                ExchangeReference(client_id=client_id, token=token, exchange_id=exchange_id)
            )
        return exchange_id

    def write_state(
        self,
        session: Session,
        exchange_id: str,
        state: str,
        content: Any,
        *,
        due: datetime | None = None,
        revision: int | None = None,
    ) -> bool:
        """Write down how an exchange stands; whether it was. `due`: it is to be taken up again.
        `revision`: only if it stands as it was taken: an answer from before an erasure is not kept."""
        row = session.get_one(Exchange, exchange_id, with_for_update=True)
        if revision is not None and row.revision != revision:
            return False
        row.revision += 1
        row.key_id = self._keys.domain(DOMAIN).version
        row.sealed = self._seal(row.id, row.revision, row.key_id, content)
        row.state, row.due = state, due
        return True

    def forget_answers(self, session: Session) -> int:
        """Take back answers that wait to be delivered, because somebody was erased or restricted who may stand in them,
        or an agreement says otherwise; how many. They are made anew, from what the hub knows then."""
        connection, taken_back = session.connection(), 0
        dialect_of(connection).exclusive(connection, "exchange")
        for row in session.exec(select(Exchange).where(Exchange.state == WAITING)).all():
            try:
                content = self._open(row).content
            except IntegrityError:  # it opens for nobody any more
                continue
            if "uri" not in content:  # is answered at once, and nothing of it is kept
                continue
            taken_back += content.pop("items", None) is not None
            # A question that is being answered at this moment, too: that answer is not kept.
            state, due = (WAITING, row.due) if "message" in content else (UNDELIVERED, None)
            self.write_state(session, row.id, state, content, due=due)
        return taken_back

    def any_due(self, session: Session) -> bool:
        """Whether there is anything to claim; costs a look, no lock."""
        query = select(Exchange.id).where(col(Exchange.due) <= now()).limit(1)
        return session.exec(query).first() is not None

    def waiting(self, session: Session, client_id: str) -> int:
        """How many of a client's messages wait for a worker."""
        query = (
            select(func.count())
            .select_from(Exchange)
            .where(Exchange.client_id == client_id, col(Exchange.due).is_not(None))
        )
        return session.exec(query).one()

    def claim(self, session: Session, most: int) -> list[Taken]:
        """Exchanges that are due, for this worker alone until it settles them or dies.

        What does not open (its key is gone) is given up, so that it holds up nobody else.
        """
        connection = session.connection()
        dialect_of(connection).exclusive(connection, "exchange")
        query = select(Exchange).where(col(Exchange.due) <= now()).order_by(col(Exchange.due))
        taken = []
        for row in session.exec(query.limit(most)).all():
            row.due, row.attempts = now() + CLAIM, row.attempts + 1
            try:
                taken.append(self._open(row))
            except IntegrityError:
                row.state, row.due = UNDELIVERED, None
        return taken

    def by_transaction(self, session: Session, client_id: str, transaction_id: str) -> list[Taken]:
        """A client's exchanges of one transaction, oldest first."""
        tokens = self._tokens("transaction", client_id, transaction_id)
        return self._found(session, client_id, col(Exchange.transaction_token).in_(tokens))

    def by_references(
        self, session: Session, client_id: str, references: Sequence[str]
    ) -> list[Taken]:
        """A client's exchanges that any of these requests belongs to, oldest first."""
        tokens = [t for one in references for t in self._tokens("reference", client_id, one)]
        ids = select(ExchangeReference.exchange_id).where(
            ExchangeReference.client_id == client_id, col(ExchangeReference.token).in_(tokens)
        )
        return self._found(session, client_id, col(Exchange.id).in_(ids))

    def by_id(self, session: Session, client_id: str, exchange_id: str) -> list[Taken]:
        """A client's exchange of that correlation id, if there is one."""
        return self._found(session, client_id, col(Exchange.id) == exchange_id)

    def forget_old(self, session: Session) -> None:
        """Clear away what has expired."""
        connection, moment = session.connection(), now()
        connection.execute(sa.delete(SeenMessage).where(col(SeenMessage.expires) < moment))
        old = sa.select(col(Exchange.id)).where(col(Exchange.expires) < moment)
        connection.execute(
            sa.delete(ExchangeReference).where(col(ExchangeReference.exchange_id).in_(old))
        )
        connection.execute(sa.delete(Exchange).where(col(Exchange.expires) < moment))

    def _found(self, session: Session, client_id: str, where: Any) -> list[Taken]:
        query = select(Exchange).where(Exchange.client_id == client_id, where)
        query = query.order_by(col(Exchange.created), col(Exchange.id)).limit(100)
        return [self._open(row) for row in session.exec(query).all()]

    def _open(self, row: Exchange) -> Taken:
        plain = unseal(self._key(row.key_id), _place(row.id, row.revision, row.key_id), row.sealed)
        return Taken(
            row.id, row.client_id, row.state, row.attempts, row.revision, row.created,
            json.loads(plain),
        )  # fmt: skip

    def _seal(self, exchange_id: str, revision: int, key_id: int, content: Any) -> bytes:
        plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        return seal(self._key(key_id), _place(exchange_id, revision, key_id), plain)

    def _key(self, key_id: int) -> bytes:
        return self._keys.domain(DOMAIN, key_id).subkey("exchange")

    def _tokens(self, what: str, client_id: str, text: str) -> list[bytes]:
        """The tokens of a client's id: the first under the active key, then under older ones."""
        active = self._keys.domain(DOMAIN).version
        older = [v for v in reversed(self._keys.versions(DOMAIN)) if v != active]
        message = length_prefixed(what.encode(), client_id.encode(), text.encode())
        return [
            Mac(self._keys.domain(DOMAIN, version).subkey("exchange ids"))(message)[:TOKEN_BYTES]
            for version in (active, *older)
        ]


def _place(exchange_id: str, revision: int, key_id: int) -> Place:
    return Place("exchange", "sealed", exchange_id, revision, key_id)
