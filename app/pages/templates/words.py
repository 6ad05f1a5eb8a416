"""How templates read and look, the same in the list and in the editor."""

from collections.abc import Mapping

from app.ui.theme import Tone
from engine.templates.templates import TemplateType

MANAGE = "template.manage"

TYPES: Mapping[str, str] = {
    TemplateType.PROMOTIONAL: "Promotion",
    TemplateType.TRANSACTIONAL: "Transaction",
    TemplateType.TRIGGER: "Answer to an event",
}
TYPE_CHOICES = [
    (TemplateType.PROMOTIONAL.value, "Promotion: an offer or news, only with consent"),
    (TemplateType.TRIGGER.value, "Answer to an event: welcome, birthday, thanks; only with consent"),
    (TemplateType.TRANSACTIONAL.value, "Transaction: a receipt or an appointment"),
]
CHANNEL_CHOICES = [
    ("whatsapp", "WhatsApp"),
    ("sms", "SMS"),
    ("email", "E-mail"),
]

VARIABLES: tuple[tuple[str, str], ...] = (
    ("First name", '{{ first_name | default: "there" }}'),
    ("Full name", "{{ name }}"),
    ("City", "{{ city }}"),
    ("Studio", "{{ tenant.name }}"),
    ("Amount", "₹{{ event.total }}"),
    ("Product or class", "{{ event.product }}"),
    ("Date and time", '{{ event.starts_at | local: "%d %B, %I:%M %p" }}'),
    ("Coupon code", "{{ coupon.code }}"),
    ("Coupon’s last day", "{{ coupon.valid_until }}"),
    ("Gift card code", "{{ gift_card.code }}"),
    ("Gift card amount", "{{ gift_card.amount }}"),
    ("Own attribute", "{{ customer.attribute }}"),
    ("Preferences link", "{{ preferences_url }}"),
    ("Unsubscribe link", "{{ unsubscribe_url }}"),
)
"""What one can put into a text by a click: label and Liquid."""


def type_words(template_type: str) -> str:
    """A type as a person reads it."""
    return TYPES.get(template_type, template_type)


def state_of(*, is_active: bool, is_system: bool) -> tuple[str, str]:
    """Words and tone of a template's state."""
    if not is_active:
        return "Off", Tone.NEUTRAL.value
    return ("Prebuilt", Tone.ACCENT.value) if is_system else ("In use", Tone.GOOD.value)
