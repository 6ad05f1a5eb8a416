"""The dry run: the same decisions as live, told and explained, and nothing of it remains (J10)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from engine.core.db import owner_engine, tenant_session
from engine.core.errors import InvalidGraph, InvalidInput, NotFound, Unavailable
from engine.core.ids import new_id
from engine.core.tenants import get_settings
from engine.customers.models import Customer
from engine.delivery.models import Message
from engine.journeys import drafts
from engine.journeys.dry_run.playing import (
    advance,
    begin,
    inject,
    play_to_end,
    replay,
    step,
)
from engine.journeys.dry_run.preparing import prepare
from engine.journeys.dry_run.told import Entry, Fate, Kind, Letter, Played
from engine.journeys.dry_run.wish import DryRun, Invented, What
from engine.journeys.gallery import install
from engine.journeys.models import Enrolment, Step
from engine.journeys.nodes.trigger_event import TriggerEvent
from engine.journeys.versions import load_plans
from engine.templates.models import Template
from tests.journeys.conftest import Graph, Studio, graph_of, node

ASHA = Invented(name="Asha Rao")
DAY = timedelta(days=1)


def draft(studio: Studio, graph: Graph) -> UUID:
    """A journey that nobody has published."""
    with tenant_session(studio.tenant) as session:
        return drafts.create_journey(
            session, studio.tenant, "Tried", user_id=None, now=studio.now, graph=graph
        ).id


def tried(studio: Studio, graph: Graph, invented: Invented = ASHA, **how: Any) -> Played:
    """A dry run of an invented customer, just begun."""
    return begin(studio.tenant, draft(studio, graph), invented=invented, now=studio.now, **how)


def letters(played: Played) -> list[Letter]:
    """What was said of messages, in order."""
    return [entry.letter for entry in played.entries if entry.letter]


def path(played: Played) -> list[tuple[str, str]]:
    """Nodes and ports in the order in which they were passed."""
    steps = (Kind.ENTERED, Kind.STEP, Kind.EFFECT)
    return [(each.node_id, each.port) for each in played.entries if each.kind in steps]


def texts(played: Played) -> str:
    """All that is told."""
    return "\n".join(f"{each.text} {' '.join(each.facts)}" for each in played.entries)


def of_kind(played: Played, kind: Kind) -> list[Entry]:
    """The lines of one kind."""
    return [each for each in played.entries if each.kind is kind]


def test_somebody_invented_walks_to_the_end_and_each_thing_is_told_at_its_virtual_time(
    studio: Studio,
) -> None:
    played = tried(studio, studio.simple_graph(wait_days=3))
    assert [each.kind for each in played.entries] == [Kind.ENTERED, Kind.WAIT]
    assert (played.here, played.next_at) == ("w", studio.now + 3 * DAY)

    played = step(studio.tenant, played.dry_run)
    assert played.dry_run.clock == studio.now + 3 * DAY
    (letter,) = letters(played)
    assert (letter.fate, letter.body, letter.language) == (Fate.SENT, "Thank you, Asha", "en")
    assert "Agreed to marketing by WhatsApp" in letter.because
    assert any(fact.startswith("Message 1 of") for fact in letter.because)
    assert played.is_over
    assert played.passed == (("t", "next"), ("w", "next"))


def test_a_dry_run_is_plain_json_and_the_same_wish_gives_the_same_walk(studio: Studio) -> None:
    played = play_to_end(studio.tenant, tried(studio, studio.simple_graph()).dry_run)
    kept = DryRun.model_validate_json(played.dry_run.model_dump_json())
    assert kept == played.dry_run
    assert replay(studio.tenant, kept).entries == played.entries


def test_a_message_at_night_is_held_until_the_hours_where_the_customer_lives(studio: Studio) -> None:
    graph = studio.simple_graph(wait_days=None)
    played = tried(studio, graph, Invented(timezone="America/New_York"))
    (held,) = letters(played)
    assert (held.fate, held.code, held.body) == (Fate.HELD, "MARKETING_050", "Thank you, Asha")
    assert "Quiet hours" in held.because[0]
    played = step(studio.tenant, played.dry_run)
    assert [each.fate for each in letters(played)] == [Fate.HELD, Fate.SENT]
    assert played.dry_run.clock == held.until


def test_caps_count_what_a_real_customer_was_sent_really_and_what_the_dry_run_sent(studio: Studio) -> None:
    (asha,) = studio.add_reachable(1, "whatsapp", first_name="Asha", timezone="Asia/Kolkata")
    with tenant_session(studio.tenant) as session:
        get_settings(session).daily_message_limit_per_customer = 2
    studio.begin(studio.simple_graph(wait_days=None), [asha])
    studio.deliver(studio.now)
    graph = graph_of(
        [
            node("t", "trigger.manual"),
            *(
                node(each, "action.message", channel="whatsapp", template_id=str(studio.template))
                for each in ("m1", "m2")
            ),
        ],
        "t > m1",
        "m1 > m2",
    )
    later = studio.now + timedelta(minutes=10)
    played = begin(studio.tenant, draft(studio, graph), customer_id=asha, now=later)
    sent, held = letters(played)
    assert sent.fate is Fate.SENT
    assert "Message 2 of 2 today" in " ".join(sent.because)
    assert (held.fate, held.code) == (Fate.HELD, "MARKETING_051")
    assert "Daily limit of 2 reached" in held.because[0]


def test_an_opt_out_stops_the_next_message_and_says_why(studio: Studio) -> None:
    graph = graph_of(
        [
            node("t", "trigger.event", event="Order Completed"),
            node("m1", "action.message", channel="whatsapp", template_id=str(studio.template)),
            node("w", "wait.duration", duration={"amount": 1, "unit": "days"}),
            node("m2", "action.message", channel="whatsapp", template_id=str(studio.template)),
        ],
        "t > m1",
        "m1 > w",
        "w > m2",
        settings={"stop_on_reply": False},
    )
    played = inject(studio.tenant, tried(studio, graph).dry_run, What.OPTS_OUT)
    played = play_to_end(studio.tenant, played.dry_run)
    assert [each.fate for each in letters(played)] == [Fate.SENT, Fate.SKIPPED]
    last = letters(played)[-1]
    assert (last.code, last.because) == ("MARKETING_011", ("The customer has opted out",))


def test_an_event_ends_the_wait_for_it(studio: Studio) -> None:
    graph = graph_of(
        [
            node("t", "trigger.manual"),
            node(
                "w",
                "wait.event",
                event="Class Booked",
                where=[{"property": "kind", "operator": "eq", "value": "yoga"}],
            ),
            node("yes", "action.tag", add=["keen"]),
            node("no", "exit", reason="Never booked"),
        ],
        "t > w",
        "w.happened > yes",
        "w.timeout > no",
    )
    played = tried(studio, graph)
    offered = {each.name: each.properties for each in played.offers}
    assert offered["Class Booked"] == {"kind": "yoga"}
    other = inject(studio.tenant, played.dry_run, What.EVENT, name="Class Booked", properties={"kind": "gym"})
    assert other.here == "w"
    booked = inject(
        studio.tenant, other.dry_run, What.EVENT, name="Class Booked", properties={"kind": "yoga"}
    )
    assert path(booked) == [("t", "next"), ("w", "happened"), ("yes", "next")]
    assert booked.is_over
    never = play_to_end(studio.tenant, played.dry_run)
    assert (never.reason, never.dry_run.clock) == ("Never booked", studio.now + 3 * DAY)


def test_the_goal_is_told_and_what_still_waits_is_not_sent(studio: Studio) -> None:
    graph = studio.simple_graph(wait_days=None, goal_event="Order Completed")
    graph["nodes"][0] = node("t", "trigger.manual")
    night = Invented(timezone="America/New_York")
    played = tried(studio, graph, night)
    assert letters(played)[-1].fate is Fate.HELD
    played = inject(studio.tenant, played.dry_run, What.ORDERS)
    assert of_kind(played, Kind.GOAL)
    assert "is not sent: The customer reached the goal" in texts(played)
    assert played.is_over


def test_a_reply_stops_the_journey(studio: Studio) -> None:
    graph = graph_of(
        [
            node("t", "trigger.manual"),
            node("m", "action.message", channel="whatsapp", template_id=str(studio.template)),
            node("w", "wait.duration", duration={"amount": 5, "unit": "days"}),
            node("m2", "action.message", channel="whatsapp", template_id=str(studio.template)),
        ],
        "t > m",
        "m > w",
        "w > m2",
    )
    played = inject(studio.tenant, tried(studio, graph).dry_run, What.REPLIES, text="Call me please")
    assert "Call me please" in texts(played)
    assert (played.status, played.reason) == ("exited", "Replied: the staff take over")
    assert played.is_over


def test_a_reaction_is_answered_by_opening_clicking_and_by_doing_nothing(studio: Studio) -> None:
    with tenant_session(studio.tenant) as session:
        template = session.get(Template, studio.template)
        assert template
        template.contents = {"en": {"body": "Book here: https://studio.example/book"}}
    graph = graph_of(
        [
            node("t", "trigger.manual"),
            node("m", "action.message", channel="whatsapp", template_id=str(studio.template)),
            node("opened", "branch.reaction", message="m", reaction="opened"),
            node("clicked", "branch.reaction", message="m", reaction="clicked"),
            node("warm", "action.tag", add=["warm"]),
            node("cold", "action.tag", add=["cold"]),
        ],
        "t > m",
        "m > opened",
        "opened.yes > clicked",
        "opened.no > cold",
        "clicked.yes > warm",
        "clicked.no > cold",
    )
    begun = tried(studio, graph)
    (letter,) = letters(begun)
    assert (letter.body, letter.has_link) == ("Book here: https://studio.example/book", True)
    opened = inject(studio.tenant, begun.dry_run, What.OPENS)
    assert opened.here == "clicked"
    clicked = inject(studio.tenant, opened.dry_run, What.CLICKS)
    assert path(clicked)[-2:] == [("clicked", "yes"), ("warm", "next")]
    assert path(play_to_end(studio.tenant, begun.dry_run))[-2:] == [("opened", "no"), ("cold", "next")]
    assert path(play_to_end(studio.tenant, opened.dry_run))[-2:] == [("clicked", "no"), ("cold", "next")]


def test_what_the_walk_itself_changes_is_known_to_later_steps(studio: Studio) -> None:
    asks_tag = {"combinator": "and", "rules": [{"field": "tags", "operator": "in", "value": ["vip"]}]}
    asks_spend = {"combinator": "and", "rules": [{"field": "total_spend", "operator": "gt", "value": 1000}]}
    graph = graph_of(
        [
            node("t", "trigger.event", event="Order Completed"),
            node("spends", "branch.rule", rules=asks_spend),
            node("tag", "action.tag", add=["vip"]),
            node("is_vip", "branch.rule", rules=asks_tag),
            node("points", "action.points", points=50),
            node("out", "exit"),
        ],
        "t > spends",
        "spends.yes > tag",
        "spends.no > out",
        "tag > is_vip",
        "is_vip.yes > points",
        "is_vip.no > out",
    )
    poor = tried(studio, graph, Invented(orders=2, spend=400), entry={"order_id": "N1", "total": 500})
    assert (path(poor)[-1], poor.reason) == (("spends", "no"), "Reached the exit")
    rich = replay(studio.tenant, poor.dry_run.model_copy(update={"entry": {"order_id": "N1", "total": 700}}))
    assert path(rich)[1:] == [("spends", "yes"), ("tag", "next"), ("is_vip", "yes"), ("points", "next")]
    (told,) = [each for each in rich.entries if each.node_id == "spends"]
    assert "total spend" in told.facts[0]
    assert "1,100" in told.facts[0]


def test_who_would_not_be_let_in_is_told_why_and_walks_all_the_same(studio: Studio) -> None:
    live = studio.publish(studio.simple_graph(), "Live")
    (asha,) = studio.add_reachable(1, "whatsapp", first_name="Asha")
    studio.send_event("Order Completed", [asha])
    studio.pass_time(studio.now)
    played = begin(studio.tenant, live.id, customer_id=asha, now=studio.now + timedelta(hours=1))
    (entered,) = of_kind(played, Kind.ENTERED)
    assert entered.text.startswith("Would not be let in")
    assert "in it already" in entered.facts[0]
    assert played.here == "w"


def test_a_channel_that_cannot_reach_the_customer_gives_way_to_the_other(studio: Studio) -> None:
    other = new_id()
    with tenant_session(studio.tenant) as session:
        session.add(
            Template(
                id=other,
                tenant_id=studio.tenant,
                name="Thanks by mail",
                channel="email",
                template_type="promotional",
                contents={"en": {"subject": "Hello {{ first_name }}", "body": "Thank you"}},
            )
        )
    fallback = {"channel": "email", "template_id": str(other)}
    graph = graph_of(
        [
            node("t", "trigger.manual"),
            node(
                "m",
                "action.message",
                channel="whatsapp",
                template_id=str(studio.template),
                fallback=fallback,
                on_failure="branch",
            ),
            node("yes", "action.tag", add=["told"]),
        ],
        "t > m",
        "m > yes",
    )
    played = tried(studio, graph, Invented(has_phone=False, consents=frozenset({"email"})))
    skipped, sent = letters(played)
    assert (skipped.fate, skipped.code, skipped.instead) == (Fate.SKIPPED, "SAFAR_020", "email")
    assert (sent.channel, sent.fate, sent.subject) == ("email", Fate.SENT, "Hello Asha")
    assert "Unsubscribe" in sent.html
    assert replay(studio.tenant, played.dry_run).entries == played.entries
    assert path(played)[-1] == ("yes", "next")


def test_what_would_reach_others_is_told_and_not_done(studio: Studio) -> None:
    graph = graph_of(
        [
            node("t", "trigger.manual"),
            node("hook", "action.webhook", url="https://shop.example/hook", name="came"),
            node("remind", "action.followup", note="Call them"),
            node("tell", "action.notify", text="Has come"),
        ],
        "t > hook",
        "hook > remind",
        "remind > tell",
    )
    played = tried(studio, graph, entry={"plan": "gold"})
    told = {each.node_id: each.facts for each in of_kind(played, Kind.EFFECT)}
    assert '"plan": "gold"' in told["hook"][1]
    assert told["remind"] == ("Nobody is reminded in a dry run",)
    assert told["tell"] == ("Nobody is told in a dry run",)


def test_a_gift_card_is_given_for_the_dry_run_only_and_its_code_stays_the_same(studio: Studio) -> None:
    with tenant_session(studio.tenant) as session:
        template = session.get(Template, studio.template)
        assert template
        template.contents = {"en": {"body": "{{ gift_card.amount }}: {{ gift_card.code }}"}}
    graph = graph_of(
        [
            node("t", "trigger.manual"),
            node("card", "action.gift_card", amount=300),
            node("m", "action.message", channel="whatsapp", template_id=str(studio.template)),
        ],
        "t > card",
        "card > m",
    )
    played = tried(studio, graph)
    (letter,) = letters(played)
    assert letter.body.startswith("₹300: TRY")
    assert letters(replay(studio.tenant, played.dry_run)) == [letter]


def test_nothing_of_a_dry_run_is_ever_committed(studio: Studio, database: str) -> None:
    (asha,) = studio.add_reachable(1, "whatsapp", "email", first_name="Asha")
    journey = draft(
        studio,
        graph_of(
            [
                node("t", "trigger.event", event="Order Completed"),
                node("m", "action.message", channel="whatsapp", template_id=str(studio.template)),
                node("tag", "action.tag", add=["tried"]),
                node("points", "action.points", points=10),
                node("rate", "wait.rate", amount=5, per="hour"),
                node("hook", "action.webhook", url="https://shop.example/hook", name="came"),
            ],
            "t > m",
            "m > tag",
            "tag > points",
            "points > rate",
            "rate > hook",
            settings={"stop_on_reply": False, "goal_event": "Appointment Booked"},
        ),
    )
    before = _rows()
    for who in ({"customer_id": asha}, {"invented": Invented(orders=2, spend=10, is_member=True, points=5)}):
        played = begin(studio.tenant, journey, now=studio.now, entry={"order_id": "A-1", "total": 10}, **who)
        for what in (What.OPENS, What.REPLIES, What.ORDERS, What.OPTS_OUT, What.BOOKS):
            played = inject(studio.tenant, played.dry_run, what)
        played = play_to_end(studio.tenant, played.dry_run)
        assert len(played.entries) > 8
    assert _rows() == before


def test_a_dry_run_gives_way_to_whoever_works_on_the_customer(studio: Studio) -> None:
    (asha,) = studio.add_reachable(1, "whatsapp")
    journey = draft(studio, studio.simple_graph())
    with tenant_session(studio.tenant) as session:
        session.scalars(select(Customer).where(Customer.id == asha).with_for_update()).one()
        with pytest.raises(Unavailable, match="Try again in a moment"):
            begin(studio.tenant, journey, customer_id=asha, now=studio.now)


def test_a_draft_that_cannot_be_run_says_why(studio: Studio) -> None:
    journey = draft(studio, graph_of([node("t", "trigger.manual"), node("m", "action.tag")], "t > m"))
    with pytest.raises(InvalidGraph) as refused:
        begin(studio.tenant, journey, invented=ASHA, now=studio.now)
    assert refused.value.details[0]["node_id"] == "m"
    with pytest.raises(InvalidGraph):
        prepare(studio.tenant, journey, now=studio.now)


def test_what_cannot_be_used_names_the_field(studio: Studio) -> None:
    journey = draft(studio, studio.simple_graph())
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"invented": ASHA, "trigger": "nowhere"}, "trigger"),
        ({}, "customer_id"),
        ({"invented": ASHA, "start": studio.now - DAY}, "start"),
    ]
    for how, field in wrong:
        with pytest.raises(InvalidInput) as refused:
            begin(studio.tenant, journey, now=studio.now, **how)
        assert refused.value.details == {"field": field}
    with pytest.raises(NotFound):
        begin(studio.tenant, journey, now=studio.now, customer_id=new_id())
    played = begin(studio.tenant, journey, invented=ASHA, now=studio.now)
    with pytest.raises(InvalidInput, match="Nothing has been sent yet"):
        inject(studio.tenant, played.dry_run, What.CLICKS)
    with pytest.raises(InvalidInput, match="time only goes on"):
        advance(studio.tenant, played.dry_run, studio.now - DAY)
    sent = play_to_end(studio.tenant, played.dry_run)
    with pytest.raises(InvalidInput, match="no link to click"):
        inject(studio.tenant, sent.dry_run, What.CLICKS)


def test_a_circle_is_not_walked_for_ever(studio: Studio) -> None:
    graph = graph_of(
        [
            node("t", "trigger.manual"),
            node("w", "wait.duration", duration={"amount": 60, "unit": "days"}),
            node("tag", "action.tag", add=["again"]),
        ],
        "t > w",
        "w > tag",
        "tag > w",
    )
    played = play_to_end(studio.tenant, tried(studio, graph).dry_run)
    assert played.entries[-1].text == "What comes next lies more than three years ahead."


def test_what_is_asked_of_somebody_invented_comes_from_the_draft(studio: Studio) -> None:
    rules = {
        "combinator": "or",
        "rules": [
            {"field": "total_spend", "operator": "gt", "value": 10},
            {"field": "attribute.plan", "operator": "eq", "value": "gold"},
        ],
    }
    graph = graph_of(
        [
            node("t", "trigger.event", event="Signed Up"),
            node("rich", "branch.rule", rules=rules),
            node("by", "branch.value", value="city", cases=[{"id": "p", "value": "Pune"}]),
            node("end", "exit"),
        ],
        "t > rich",
        "rich.yes > by",
        "rich.no > end",
        "by.p > end",
        "by.other > end",
    )
    studio.send_event("Signed Up", studio.add_customers(1), plan="trial")
    beginning = prepare(studio.tenant, draft(studio, graph), now=studio.now)
    keys = [each.key for each in beginning.questions]
    assert keys == ["city", "orders", "spend", "last_order_days", "attribute.plan"]
    assert beginning.doors[0].entry == {"plan": "trial"}
    gold = begin(
        studio.tenant,
        draft(studio, graph),
        invented=Invented(city="Pune", attributes={"plan": "gold"}),
        now=studio.now,
    )
    assert [port for _, port in path(gold)][1:] == ["yes", "p"]


@pytest.mark.parametrize("key", ["welcome", "win_back", "post_visit_thank_you", "abandoned_cart"])
def test_a_dry_run_and_a_real_run_of_a_ready_made_journey_take_the_same_path(
    key: str, studio: Studio
) -> None:
    """Every step with its port, reason and moment, and every message with its words and moment."""
    (asha,) = studio.add_reachable(1, "whatsapp", "email", first_name="Asha", timezone="America/New_York")
    with tenant_session(studio.tenant) as session:
        journey = install(session, studio.tenant, key, user_id=None, now=studio.now)
        graph = journey.draft
    trigger = {**graph["nodes"][0], "type": "trigger.event", "config": {"event": "Came"}}
    assert graph["nodes"][0]["type"].startswith("trigger.")
    graph = {**graph, "nodes": [trigger, *graph["nodes"][1:]]}
    graph["edges"] = [each for each in graph["edges"] if each["source"] not in _other_triggers(graph)]
    graph["nodes"] = [each for each in graph["nodes"] if each["id"] not in _other_triggers(graph)]
    live = studio.publish(graph, "Real", now=studio.now)
    tried = begin(studio.tenant, live.id, customer_id=asha, now=studio.now)
    tried = play_to_end(studio.tenant, tried.dry_run)

    studio.send_event("Came", [asha])
    for moment in sorted({studio.now, *(entry.at for entry in tried.entries)}):
        studio.pass_time(moment)
        studio.deliver(moment)
    with tenant_session(studio.tenant) as session:
        real = session.scalars(select(Enrolment).where(Enrolment.journey_id == live.id)).one()
        steps = session.scalars(select(Step).where(Step.enrolment_id == real.id).order_by(Step.visit)).all()
        sent = session.scalars(
            select(Message).where(Message.enrolment_id == real.id, Message.sent_at.is_not(None))
        ).all()
        assert (
            load_plans(session, [real.version_id])[real.version_id].triggers[0].type
            == TriggerEvent.model_fields["type"].default
        )
    passed = [(each.node_id, each.port or "", each.at) for each in tried.entries if each.port]
    assert passed == [(each.node_id, each.port, each.at) for each in steps if each.port]
    assert (tried.status, tried.reason) == (real.status, real.reason)
    said = sorted(
        (each.at, each.letter.channel)
        for each in tried.entries
        if each.letter and each.letter.fate is Fate.SENT
    )
    assert said
    assert said == sorted((each.sent_at, each.channel) for each in sent)


def _other_triggers(graph: Graph) -> set[str]:
    triggers = [each["id"] for each in graph["nodes"] if each["type"].startswith("trigger.")]
    return set(triggers[1:])


def _rows() -> dict[str, int]:
    """How many rows each table has, and which versions of them, for all tenants."""
    with owner_engine().connect() as connection:
        tables = connection.scalars(
            text(
                "SELECT relname FROM pg_class WHERE relkind IN ('r') AND relnamespace = 'public'::regnamespace"
            )
        ).all()
        return {
            each: connection.scalar(
                text(
                    f'SELECT coalesce(sum(hashtextextended(t::text || t.xmin::text, 0)), 0)::text FROM "{each}" t'
                )
            )
            for each in sorted(tables)
        }


def test_a_customer_who_is_gone_meanwhile_is_named(studio: Studio) -> None:
    (asha,) = studio.add_reachable(1, "whatsapp")
    played = begin(studio.tenant, draft(studio, studio.simple_graph()), customer_id=asha, now=studio.now)
    with tenant_session(studio.tenant) as session:
        customer = session.get(Customer, asha)
        session.delete(customer)
    with pytest.raises(NotFound, match="does not exist any more"):
        step(studio.tenant, played.dry_run)


def test_the_clock_can_be_set_forward_to_any_moment(studio: Studio) -> None:
    played = tried(studio, studio.simple_graph(wait_days=3))
    played = advance(studio.tenant, played.dry_run, studio.now + 2 * DAY)
    assert played.dry_run.clock == studio.now + 2 * DAY
    assert played.here == "w"
    with pytest.raises(InvalidInput):
        advance(studio.tenant, played.dry_run, datetime(2040, 1, 1, tzinfo=UTC))
