"""How many worlds are simulated, and which."""

import os

import pytest

SEEDS = "0:250"
"""A short version; CI runs a thousand, `make soak` as many as one likes."""

AT_ONCE = 25


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Seeds in portions, so that both cores have their share and a failure names its portion."""
    if "seeds" not in metafunc.fixturenames:
        return
    first, _, end = os.environ.get("SEEDS", SEEDS).partition(":")
    wanted = range(int(first), int(end or int(first) + 1))
    portions = [
        range(start, min(start + AT_ONCE, wanted.stop)) for start in range(wanted.start, wanted.stop, AT_ONCE)
    ]
    metafunc.parametrize("seeds", portions, ids=lambda each: f"{each.start}-{each.stop - 1}")
