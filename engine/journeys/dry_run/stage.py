"""The stage: a transaction in which everything may be done as if it were live, and of which nothing remains.

The dry run gives way to real work: it waits for no lock that somebody holds for long.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from psycopg import errors as pg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.core.db import app_engine, scope
from engine.core.errors import Unavailable

GIVES_WAY = (pg.LockNotAvailable, pg.DeadlockDetected)
PATIENCE = text("SET LOCAL lock_timeout = '400ms'")
"""Below `deadlock_timeout`: of a dry run and a worker that wait for each other, the dry run steps back."""


@contextmanager
def stage(tenant_id: UUID) -> Iterator[Session]:
    """A transaction of this tenant that is always rolled back.

    Raises:
        Unavailable: somebody works on the same customer just now; repeating in a moment is safe.
    """
    with Session(app_engine(), expire_on_commit=False) as session:
        session.begin()
        try:
            scope(session, tenant_id)
            session.execute(PATIENCE)
            yield session
        except DBAPIError as error:
            if isinstance(error.orig, GIVES_WAY):
                raise Unavailable(
                    "This customer is being worked on just now. Try again in a moment."
                ) from error
            raise
        finally:
            session.rollback()
