"""What waits to leave, on a real database."""

from typing import Any

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.delivery.outbox import skip_enrolments


def test_an_intents_wishes_are_kept_with_its_message(sender: Any) -> None:
    fallback = {"channel": "sms", "template_id": str(sender.templates["sms"])}
    sender.queue(sender.add_customers(1), fallback=fallback, priority=2, journey_limit=3, announce=True)
    (message,) = sender.messages()
    assert (message.fallback, message.priority, message.journey_limit, message.announce) == (
        fallback,
        2,
        3,
        True,
    )


def test_marketing_of_an_enrolment_that_ended_is_skipped_and_says_so(sender: Any) -> None:
    leaves, stays = new_id(), new_id()
    (customer,) = sender.add_customers(1)
    sender.queue([customer], enrolment_id=leaves)
    sender.queue([customer], enrolment_id=leaves, purpose="transactional")
    sender.queue([customer], enrolment_id=stays)
    with tenant_session(sender.tenant) as session:
        skip_enrolments(session, sender.tenant, [(customer, leaves)], "The customer replied")
    gone, owed, other = sender.messages()
    assert (gone.status, gone.code, gone.reason) == ("skipped", "SAFAR_024", "The customer replied")
    assert (owed.status, other.status) == ("queued", "queued")


def test_a_message_that_left_already_is_not_taken_back_by_leaving_the_journey(sender: Any) -> None:
    enrolment = new_id()
    (customer,) = sender.add_customers(1)
    sender.queue([customer], enrolment_id=enrolment)
    sender.deliver()
    with tenant_session(sender.tenant) as session:
        skip_enrolments(session, sender.tenant, [(customer, enrolment)], "The journey's goal was reached")
    assert [message.status for message in sender.messages()] == ["sent"]
