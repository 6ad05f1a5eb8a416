"""Playing a dry run: begin, go on, let something happen. Each plays the wish anew and takes everything back."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine.channels.interface import Channel
from engine.core.errors import InvalidInput
from engine.core.ids import new_id
from engine.core.tenants import get_tenant
from engine.customers.models import Customer
from engine.delivery.policy import load_policy
from engine.delivery.window import zone_of
from engine.journeys.drafts import load_journey
from engine.journeys.dry_run.asking import offers
from engine.journeys.dry_run.entrance import enter, find_trigger, wished_entry
from engine.journeys.dry_run.happenings import Scene
from engine.journeys.dry_run.letters import Desk
from engine.journeys.dry_run.people import bring_on, who_is
from engine.journeys.dry_run.preparing import graph_of
from engine.journeys.dry_run.stage import stage
from engine.journeys.dry_run.told import Entry, Fate, Kind, Letter, Played
from engine.journeys.dry_run.walk import Walk, first_run, stopped_short
from engine.journeys.dry_run.wish import DryRun, Happening, Invented, What
from engine.journeys.dry_run.words import Teller
from engine.journeys.models import EnrolmentStatus
from engine.journeys.publishing import draft_plan
from engine.journeys.wording import load_words
from engine.segments.findings import telling_of

EARLIEST = timedelta(hours=1)
"""How far back a dry run may begin: what was known before cannot be asked of all facts. The backtest looks back."""


def begin(
    tenant_id: UUID,
    journey_id: UUID,
    *,
    now: datetime,
    customer_id: UUID | None = None,
    invented: Invented | None = None,
    trigger: str | None = None,
    entry: Mapping[str, Any] | None = None,
    start: datetime | None = None,
) -> Played:
    """Let a customer in, and play all that is due at once.

    Args:
        now: the real time; without `start` it begins now.
        trigger: the node by which they enter; the first one without it.
        entry: what they bring; what the trigger expects is added.

    Raises:
        NotFound: there is no such journey or customer.
        InvalidGraph: the draft cannot be run yet; `details` lists every problem.
        InvalidInput: the trigger, the customer or the start cannot be used; names the field.
    """
    if (customer_id is None) == (invented is None):
        raise InvalidInput("customer_id: choose a customer, or invent one.", details={"field": "customer_id"})
    begins = start or now
    if begins < now - EARLIEST:
        raise InvalidInput(
            "start: a dry run begins now or later. To look back, use the backtest.",
            details={"field": "start"},
        )
    with stage(tenant_id) as session:
        plan = draft_plan(session, load_journey(session, journey_id))
        wish = DryRun(
            id=new_id(),
            journey_id=journey_id,
            customer_id=who_is(session, customer_id) if customer_id else None,
            invented=invented,
            trigger=find_trigger(plan, trigger).id,
            entry=dict(entry or {}),
            start=begins,
            clock=begins,
        )
    return replay(tenant_id, wish)


def play_script(
    tenant_id: UUID, wish: DryRun, happenings: Sequence[Happening], *, until: datetime | None
) -> Played:
    """Play a dry run that has just begun, with all that shall happen, up to a moment or to the end.

    Raises:
        InvalidInput: something cannot happen, or not then; names it as `happenings.<number>`, counted from zero.
            And as `advance`.
    """
    for number, happening in enumerate(happenings):
        earliest = happenings[number - 1].at if number else wish.start
        if not earliest <= happening.at <= wish.latest:
            raise InvalidInput(
                f"happenings.{number}.at: give them in order of time, from the start to three years after it.",
                details={"field": f"happenings.{number}.at"},
            )
    last = max([wish.clock, *(each.at for each in happenings)])
    script = wish.model_copy(
        update={"happenings": tuple(happenings), "clock": last if until is None else wish.clock}
    )
    if until is not None:
        script = _set_forward(script, until)
    return _play(tenant_id, script, _to_the_end if until is None else _stay, demanded=range(len(happenings)))


def replay(tenant_id: UUID, wish: DryRun) -> Played:
    """Play it up to its clock: the same as before, unless the draft or the studio has changed.

    Raises:
        NotFound, InvalidGraph, InvalidInput: as `begin`.
    """
    return _play(tenant_id, wish, _stay)


def step(tenant_id: UUID, wish: DryRun) -> Played:
    """Go on to the next thing that happens by itself: the end of a wait, of a hold. Raises as `replay`."""
    return _play(tenant_id, wish, _to_the_next)


def play_to_end(tenant_id: UUID, wish: DryRun) -> Played:
    """Go on until nothing happens by itself any more. Raises as `replay`."""
    return _play(tenant_id, wish, _to_the_end)


def advance(tenant_id: UUID, wish: DryRun, until: datetime) -> Played:
    """Go on to a moment.

    Raises:
        InvalidInput: it lies before the dry run's clock, or more than three years ahead; and as `replay`.
    """
    return replay(tenant_id, _set_forward(wish, until))


def inject(
    tenant_id: UUID,
    wish: DryRun,
    what: What,
    *,
    name: str = "",
    properties: Mapping[str, Any] | None = None,
    text: str = "",
    node_id: str | None = None,
) -> Played:
    """Let something happen at the dry run's clock.

    Raises:
        InvalidInput: it cannot happen now, e.g. nothing was sent that could be clicked; and as `replay`.
    """
    happening = Happening(
        at=wish.clock, what=what, name=name, properties=dict(properties or {}), text=text, node_id=node_id
    )
    happened = (*wish.happenings, happening)
    tried = DryRun.model_validate(wish.model_dump() | {"happenings": happened})
    return _play(tenant_id, tried, _stay, demanded=[len(wish.happenings)])


def _set_forward(wish: DryRun, until: datetime) -> DryRun:
    if until < wish.clock:
        raise InvalidInput("until: time only goes on. Start again instead.", details={"field": "until"})
    if until > wish.latest:
        raise InvalidInput("until: at most three years after the start.", details={"field": "until"})
    return wish.model_copy(update={"clock": until})


def _stay(walk: Walk) -> datetime:
    return walk.now


def _to_the_next(walk: Walk) -> datetime:
    due = walk.next_at()
    if due is not None:
        walk.go_on(due)
    return walk.now


def _to_the_end(walk: Walk) -> datetime:
    while (due := walk.next_at()) is not None:
        walk.go_on(due)
    return walk.now


def _play(
    tenant_id: UUID, wish: DryRun, go_on: Callable[[Walk], datetime], *, demanded: Collection[int] = ()
) -> Played:
    """Play it up to its clock, and as far as `go_on` says.

    Args:
        demanded: which of its happenings must be possible; of others it is told when they are not, for the draft may
            have changed since they were.
    """
    with stage(tenant_id) as session:
        walk, revision = _set_up(session, wish)
        walk.play(wish.clock)
        for number, refusal in walk.refused.items():
            if number in demanded:
                raise InvalidInput(
                    refusal.message, details={"field": f"happenings.{number}"}, code=refusal.code
                )
        clock = max(go_on(walk), wish.clock)
        walk.entries += [Entry(clock, Kind.NOTE, why) for why in stopped_short(walk)]
        return _played(walk, wish.model_copy(update={"clock": clock}), revision)


def _set_up(session: Session, wish: DryRun) -> tuple[Walk, int]:
    tenant = get_tenant(session)
    journey = load_journey(session, wish.journey_id)
    plan = draft_plan(session, journey)
    trigger = find_trigger(plan, wish.trigger)
    customer = bring_on(session, tenant, wish)
    entry = wished_entry(wish, trigger)
    before = first_run(wish, plan, entry, None)
    scene = Scene(session, tenant, wish, before.id)
    entered = enter(scene, journey, plan, trigger, customer, entry)
    run = first_run(wish, plan, entry, entered.event_id)
    policy, letterhead = load_policy(session)
    words = load_words(session, [graph_of(journey.draft)])
    walk = Walk(
        session=session,
        tenant=tenant,
        wish=wish,
        plan=plan,
        desk=Desk(session, tenant.id, wish.walker, run.id, policy, letterhead),
        teller=Teller(plan, words, telling_of(tenant)),
        run=run,
        now=wish.start,
        due_at=wish.start,
        zone=zone_of(customer.timezone, tenant.timezone),
        entered=entered,
    )
    return walk, journey.revision


def _played(walk: Walk, wish: DryRun, revision: int) -> Played:
    customer = walk.session.get(Customer, wish.walker)
    sent = [entry.letter for entry in walk.entries if entry.letter and entry.letter.fate is Fate.SENT]
    newest = sent[-1] if sent else None
    return Played(
        dry_run=wish,
        name=(customer.name if customer else "") or "This customer",
        timezone=walk.zone.key,
        entries=tuple(walk.entries),
        here=walk.run.node_id if walk.status is EnrolmentStatus.ACTIVE else "",
        status=walk.status.value,
        reason=walk.reason,
        next_at=walk.next_at(),
        passed=tuple(walk.passed),
        offers=_offers(walk, newest),
        revision=revision,
    )


def _offers(walk: Walk, newest: Letter | None) -> tuple[Any, ...]:
    channel = newest.channel if newest else ""
    return tuple(
        offers(
            walk.session,
            walk.tenant.id,
            walk.plan,
            opens=channel in (Channel.EMAIL, Channel.WHATSAPP),
            link=newest is not None and newest.has_link,
            replies=channel in (Channel.WHATSAPP, Channel.SMS),
        )
    )
