"""`safar up` and the three processes it is made of; each also runs alone, on as many machines as needed."""

import gc
import signal
import threading
from typing import Annotated

import typer

from app.cli.ground import standing_servers
from app.cli.lifeline import hold_on_to
from app.cli.logs import log_to_stdout

WORKER_STOP_MILLISECONDS = 7_000

Lifeline = Annotated[int | None, typer.Option(hidden=True, help="Descriptor that ends with the supervisor.")]


def register(cli: typer.Typer) -> None:
    """Add this group's commands."""
    for command in (up, web, worker, clock, build):
        cli.command()(command)


def build() -> None:
    """Build the front end, unless it is built from the present sources already."""
    from app import frontend

    typer.echo("The front end is built." if frontend.build() else "The front end was built already.")


def up() -> None:
    """Start everything: servers if none are named, web, workers and clock; stop it all with Ctrl-C."""
    from app.cli.start import start

    raise typer.Exit(start())


def web(
    lifeline: Lifeline = None,
    processes: Annotated[int, typer.Option(min=1, max=64, help="How many processes answer.")] = 1,
) -> None:
    """Serve the UI, the REST interface and the public pages on `SAFAR_PORT`."""
    hold_on_to(lifeline)
    log_to_stdout()
    with standing_servers():
        from app.web import serve

        serve(processes=processes)


def worker(lifeline: Lifeline = None) -> None:
    """Do the work that is due: one process with `SAFAR_WORKER_THREADS` threads. Start as many as you like."""
    hold_on_to(lifeline)
    log_to_stdout()
    with standing_servers():
        from engine.worker.broker import broker
        from engine.worker.crew import Crew

        collect_seldom()
        crew = Crew()
        stop = stop_on_signals()
        crew.start()
        stop.wait()
        crew.stop(milliseconds=WORKER_STOP_MILLISECONDS)
        broker.close()


def collect_seldom() -> None:
    """Batches make tens of thousands of objects without cycles, which reference counts free; looking through all
    of them for cycles took a third of a worker's processor time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)


def clock(lifeline: Lifeline = None) -> None:
    """Find what has become due and wake the workers. Several clocks do no harm."""
    hold_on_to(lifeline)
    log_to_stdout()
    with standing_servers():
        from engine.worker.clock import run

        run(stop_on_signals())


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Setting an event takes its lock, which the interrupted main thread may hold: hence a thread.
        signal.signal(number, lambda *_: threading.Thread(target=stop.set).start())
    return stop


if __name__ == "__main__":
    # What the supervisor starts: these commands alone, so that a child does not import what it will not use.
    children = typer.Typer(add_completion=False)
    register(children)
    children()
