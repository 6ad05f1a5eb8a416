"""How much a provider is given at once: about what it takes in a second or two (D4).

What is admitted beyond that would wait with its money reserved and its place under the caps taken, and would be in
doubt if the process died. The pace is learnt anew by each process: it begins low and doubles while a provider is quick.
"""

from datetime import timedelta

from engine.channels.interface import Account
from engine.channels.null import NullProvider

FIRST, LEAST, MOST = 50, 5, 500
QUICK = timedelta(seconds=1)
SLOW = timedelta(seconds=2)


class Pace:
    """What each account has proved to take. Threads share it; a lost update costs one step."""

    def __init__(self) -> None:
        self._sizes: dict[tuple[object, ...], int] = {}

    def size(self, account: Account) -> int:
        """How many messages to admit for this account now."""
        return self._sizes.get(_key(account), FIRST) if account.provider != NullProvider.name else MOST

    def learn(self, account: Account, messages: int, took: timedelta, *, left: int = 0) -> None:
        """So many messages took so long: more next time after a full batch that was quick, fewer after a slow one.

        Args:
            left: for how many more there was no time; then the provider is given what it proved to take.
        """
        size = self.size(account)
        if left:
            self._sizes[_key(account)] = max(LEAST, messages)
        elif took > SLOW:
            self._sizes[_key(account)] = max(LEAST, size // 2)
        elif took < QUICK and messages >= size:
            self._sizes[_key(account)] = min(MOST, size * 2)


def _key(account: Account) -> tuple[object, ...]:
    return account.tenant_id, account.channel, account.provider
