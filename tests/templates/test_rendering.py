"""What a customer reads: languages, missing values, escaping, limits."""

import time
from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.db import tenant_session
from engine.core.errors import InvalidInput
from engine.core.ids import new_id
from engine.templates.content import check_contents
from engine.templates.html import clean_html, html_from_text
from engine.templates.liquid import noting_missing
from engine.templates.models import Template
from engine.templates.rendering import (
    Compiled,
    Rendered,
    TemplateProblem,
    compile_contents,
    compile_template,
    load_templates,
    render,
)
from engine.templates.system import system_templates
from engine.templates.templates import SAMPLE

GREETING = {
    "en": {"body": "Hello {{ first_name | default: 'there' }}"},
    "hi": {"body": "नमस्ते {{ first_name }}"},
}


def made(compiled: Compiled, variables: dict[str, object], language: str | None = None) -> Rendered:
    return render(compiled, variables, language=language, default_language="en")


@pytest.mark.parametrize(
    ("language", "chosen"),
    [("hi", "hi"), ("hi-IN", "hi"), ("hi_IN", "hi"), ("fr", "en"), (None, "en"), ("", "en")],
)
def test_language_falls_back(language: str | None, chosen: str) -> None:
    assert made(compile_contents("sms", GREETING), {"first_name": "Asha"}, language).language == chosen


def test_without_english_and_the_tenants_language_any_is_better_than_none() -> None:
    compiled = compile_contents("sms", {"mr": {"body": "नमस्कार"}})
    assert made(compiled, {}, "fr").body == "नमस्कार"


def test_missing_values_leak_nothing() -> None:
    compiled = compile_contents(
        "sms", {"en": {"body": "Hi {{ first_name }}{{ event.items[0].name }}{{ a.b.c }}!"}}
    )
    with noting_missing() as missing:
        assert made(compiled, {"event": {}}).body == "Hi !"
    assert list(missing) == ["first_name", "event.items[0].name", "a.b.c"]


def test_values_are_not_templates() -> None:
    compiled = compile_contents("whatsapp", GREETING)
    assert (
        made(compiled, {"first_name": "{{ phone }}{% if %}", "phone": "secret"}).body
        == "Hello {{ phone }}{% if %}"
    )


@pytest.mark.parametrize(
    "source",
    [
        "{{ first_name",
        "{% if first_name %}",
        "{% include 'x' %}",
        "{% render 'x' %}",
        "{{ a | nofilter }}",
        "{% for i in (1..2000) %}x{% endfor %}",
        "{% for i in (1..n) %}x{% endfor %}",
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(source: str) -> None:
    with pytest.raises(TemplateProblem, match=r"^contents\.en\.body: "):
        compile_contents("sms", {"en": {"body": source}})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ nothing }}", "empty"),
        ("{{ 1 | divided_by: 0 }}", "failed"),
        ("{% for a in (1..900) %}{% for b in (1..900) %}x{% endfor %}{% endfor %}", "failed"),
        ("{% for a in (1..999) %}xxxxxxxxxx{% endfor %}", "characters"),
    ],
)
def test_what_cannot_be_rendered_is_a_template_problem(source: str, said: str) -> None:
    with pytest.raises(TemplateProblem, match=said):
        made(compile_contents("sms", {"en": {"body": source}}), {})


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_source_compiles_or_is_refused(source: str) -> None:
    with suppress(TemplateProblem, InvalidInput):
        made(compile_contents("sms", {"en": {"body": "{{" + source + "}} {% " + source}}), {"a": 1})


@pytest.mark.parametrize(
    ("channel", "contents", "field"),
    [
        ("email", {"en": {"body": "x"}}, "contents.en.subject"),
        ("email", {"en": {"subject": "x"}}, "contents.en"),
        ("sms", {"en": {"body": "  "}}, "contents.en.body"),
        ("sms", {"en": {"body": "x", "subject": "y"}}, "contents.en.subject"),
        ("sms", {"English": {"body": "x"}}, "contents.English"),
        ("sms", {"en": "x"}, "contents.en"),
        ("sms", {}, "contents"),
        ("pigeon", {"en": {"body": "x"}}, "channel"),
    ],
)
def test_wrong_shapes_name_the_field(channel: str, contents: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_contents(channel, contents)
    assert caught.value.details == {"field": field}


def test_email_from_text_is_escaped_and_its_links_can_be_clicked() -> None:
    html = html_from_text("Hello <b>\nsee https://a.in/x?a=1&b=2.\n\nBye")
    assert html.count("<p ") == 2
    assert '<a href="https://a.in/x?a=1&amp;b=2">https://a.in/x?a=1&amp;b=2</a>.' in html
    assert "Hello &lt;b&gt;<br>see" in html


def test_subject_is_one_line() -> None:
    compiled = compile_contents("email", {"en": {"subject": "Hi {{ n }}", "body": "x"}})
    assert made(compiled, {"n": "A\r\nBcc: x@y.in"}).subject == "Hi A Bcc: x@y.in"


def test_html_of_the_author_is_cleaned_and_its_liquid_survives() -> None:
    source = (
        '<html><head><style>p{}</style></head><body onload="x()"><script>alert(1)</script>'
        "<table>{% for item in event.items %}<tr><td style='color:red;position:fixed'>{{ item }}</td></tr>{% endfor %}"
        '</table><a href="https://x.in/?c={{ code }}" onclick="x()">Go</a><!-- secret --></body></html>'
    )
    cleaned = clean_html(source)
    assert cleaned == (
        '<table><tbody>{% for item in event.items %}<tr><td style="color:red">{{ item }}</td></tr>{% endfor %}'
        '</tbody></table><a href="https://x.in/?c={{ code }}">Go</a>'
    )


def test_customers_data_cannot_become_markup() -> None:
    html = '<p title="{{ a }}">{{ a }}</p><a href="{{ url }}">x</a>'
    compiled = compile_contents("email", {"en": {"subject": "s", "html": html}})
    message = made(compiled, {"a": '"><script>alert(1)</script>', "url": " javascript:alert(1)"})
    assert message.html is not None
    assert "<script" not in message.html
    assert 'href="#"' in message.html


@pytest.mark.parametrize(
    "html",
    [
        '<a href="{% if a %}javascript:x{% endif %}">x</a>',
        "{{ '<script>' }}",
        "{{ a | safe }}",
        "{{ a | url_decode }}",
    ],
)
def test_ways_around_the_escaping_are_refused(html: str) -> None:
    with pytest.raises(TemplateProblem, match=r"contents\.en\.html"):
        compile_contents("email", {"en": {"subject": "s", "html": html}})


def test_plain_text_part_of_html() -> None:
    html = '<p>Hello <b>{{ first_name }}</b></p><a href="https://x.in/a">Shop</a>'
    message = made(compile_contents("email", {"en": {"subject": "s", "html": html}}), {"first_name": "A & B"})
    assert message.body == "Hello A & B\nShop (https://x.in/a)"


def test_whatsapp_parameters_have_no_line_breaks_and_are_never_empty() -> None:
    meta = {
        "name": "diwali_offer",
        "language": ["en_US", "hi"],
        "parameters": ["{{ first_name }}", "{{ event.code }}"],
    }
    compiled = compile_contents("whatsapp", GREETING, meta)
    message = made(compiled, {"first_name": "Asha\n\tRao", "event": {"code": 20}}, "hi-IN")
    assert message.whatsapp == {
        "name": "diwali_offer",
        "language": {"code": "hi"},
        "components": [
            {
                "type": "body",
                "parameters": [{"type": "text", "text": "Asha Rao"}, {"type": "text", "text": "20"}],
            }
        ],
    }
    with pytest.raises(TemplateProblem, match="Parameter 2"):
        made(compiled, {"first_name": "Asha"})


def test_times_and_money_read_as_in_india() -> None:
    body = "{{ event.starts_at | local }} {{ event.total_minor | money }} {{ event.nothing | money }}|"
    compiled = compile_contents("sms", {"en": {"body": body}})
    variables = {
        "event": {"starts_at": "2026-03-02T10:00:00Z", "total_minor": 12345600},
        "tenant": {"timezone": "Asia/Kolkata"},
    }
    assert made(compiled, variables).body == "02 Mar, 03:30 PM ₹1,23,456.00 |"


def test_stored_templates_are_loaded_together_and_a_broken_one_sinks_only_itself(tenant: UUID) -> None:
    good, broken = new_id(), new_id()
    with tenant_session(tenant) as session:
        for template_id, body in ((good, "Hello"), (broken, "{{")):
            session.add(
                Template(
                    id=template_id,
                    tenant_id=tenant,
                    name=str(template_id),
                    channel="sms",
                    template_type="promotional",
                    contents={"en": {"body": body}},
                )
            )
        session.flush()
        loaded = load_templates(session, [good, broken, new_id()])
    assert loaded.keys() == {good, broken}
    assert made(loaded[good], {}).body == "Hello"
    with pytest.raises(TemplateProblem):
        made(loaded[broken], {})


def test_a_version_is_compiled_once() -> None:
    template_id = new_id()
    first = compile_template(template_id, 1, "sms", GREETING)
    assert compile_template(template_id, 1, "sms", GREETING) is first
    assert compile_template(template_id, 2, "sms", GREETING) is not first


@pytest.mark.parametrize("entry", system_templates(), ids=lambda entry: entry["name"])
def test_prebuilt_templates_read_well_with_and_without_values(entry: dict[str, object]) -> None:
    compiled = compile_contents(entry["channel"], entry["contents"])  # type: ignore[arg-type]
    event = {"service": "Pottery class", "starts_at": "2026-03-02T10:00:00Z", "order_id": "A-17"}
    full = {**SAMPLE, "event": event, "tenant": {"name": "Studio Mitti", "timezone": "Asia/Kolkata"}}
    for language in ("en", "hi"):
        for variables in (full, {"tenant": {"name": "Studio Mitti"}}):
            message = made(compiled, variables, language)
            assert message.language == language
            assert "  " not in message.body
            assert "{" not in message.body
            assert "Studio Mitti" in message.body + (message.subject or "")
            assert "Asha" in made(compiled, full, language).body or entry["category"] == "reminder"


def test_speed_is_far_above_what_delivery_needs() -> None:
    compiled = compile_contents("whatsapp", GREETING)
    begun = time.perf_counter()
    for _ in range(2_000):
        made(compiled, {"first_name": "Asha"})
    assert 2_000 / (time.perf_counter() - begun) > 2_000
