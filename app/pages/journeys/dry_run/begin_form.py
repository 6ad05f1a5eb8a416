"""The form with which a dry run begins."""

import reflex as rx

from app.pages.journeys.builder_state import BuilderState
from app.pages.journeys.dry_run.answers import QuestionView
from app.pages.journeys.dry_run.begin_state import BeginState, Candidate
from app.ui import (
    area_field,
    button,
    check_field,
    form,
    form_actions,
    notice,
    search_field,
    select_field,
    skeleton_lines,
    text_field,
)
from app.ui.theme import Tone


def begin_form() -> rx.Component:
    """Who walks, how they come in and when; or what keeps the draft from being tried."""
    return rx.cond(
        BeginState.preparing,
        skeleton_lines(),
        rx.cond(BeginState.draft_problems.length() > 0, _problems(), _form()),
    )


def _problems() -> rx.Component:
    return rx.el.div(
        notice("The draft cannot be walked through yet. Mend this first:", tone=Tone.WAITING),
        rx.el.ul(rx.foreach(BeginState.draft_problems, _problem), class_name="dr-problems"),
        form_actions(button("Look again", look="quiet", icon="rotate-cw", on_click=BeginState.look_again)),
        class_name="s-stack",
    )


def _problem(problem: rx.Var[dict[str, str]]) -> rx.Component:
    return rx.el.li(
        rx.cond(
            problem["node_id"],
            rx.el.button(
                problem["message"], type="button", on_click=BuilderState.look_at(problem["node_id"])
            ),
            rx.el.span(problem["message"]),
        )
    )


def _form() -> rx.Component:
    return form(
        _who(),
        rx.cond(BeginState.who == "customer", _customer(), _invented()),
        _entrance(),
        text_field(
            name="dr-start",
            label="Begins",
            type="datetime-local",
            min=BeginState.earliest,
            default_value=BeginState.earliest,
            hint=f"On the studio's clock, {BeginState.studio_zone}",
            error=rx.cond(BeginState.error_field == "start", BeginState.error, ""),
        ),
        rx.cond(BeginState.error, notice(BeginState.error, tone=Tone.BAD)),
        form_actions(button("Begin", icon="play", type="submit", loading=BeginState.beginning)),
        on_submit=BeginState.begin,
        key=BeginState.who,
    )


def _who() -> rx.Component:
    return rx.el.div(
        _side("invented", "Invent one", "sparkles"),
        _side("customer", "A customer", "user"),
        role="group",
        class_name="dr-sides",
        custom_attrs={"aria-label": "Who walks"},
    )


def _side(who: str, label: str, icon: str) -> rx.Component:
    return rx.el.button(
        rx.icon(icon, size=15, aria_hidden="true"),
        label,
        type="button",
        on_click=BeginState.choose_who(who),
        custom_attrs={"aria-pressed": rx.cond(BeginState.who == who, "true", "false")},
    )


def _customer() -> rx.Component:
    return rx.el.div(
        search_field(
            label="Search customers",
            value=BeginState.search,
            on_change=BeginState.find,
            placeholder="Name, number or e-mail address",
        ),
        rx.cond(
            BeginState.found.length() > 0,
            rx.el.ul(
                rx.foreach(BeginState.found, _candidate),
                class_name="jb-people",
                custom_attrs={"aria-label": "Customers found"},
            ),
            rx.el.p("No customer is called so. You can also invent one.", class_name="s-muted"),
        ),
        class_name="s-stack dr-customer",
    )


def _candidate(person: rx.Var[Candidate]) -> rx.Component:
    return rx.el.li(
        rx.el.label(
            rx.el.input(
                type="radio",
                name="dr-customer",
                class_name="s-check",
                checked=BeginState.chosen == person.id,
                on_change=lambda _: BeginState.choose(person.id),
            ),
            rx.el.span(person.name, dir="auto"),
            rx.el.span(person.contact, class_name="s-muted s-small"),
        )
    )


def _invented() -> rx.Component:
    return rx.el.div(
        text_field(name="dr-invented", label="Name", default_value="Asha Rao", max_length=100),
        rx.el.div(
            select_field(name="dr-language", label="Reads", options=BeginState.languages),
            select_field(name="dr-timezone", label="Lives in", options=BeginState.zones),
            class_name="dr-pair",
        ),
        rx.el.fieldset(
            rx.el.legend("Agreed to marketing by", class_name="s-label"),
            check_field(name="dr-whatsapp", label="WhatsApp", default_checked=True),
            check_field(name="dr-sms", label="SMS", default_checked=True),
            check_field(name="dr-email", label="E-mail", default_checked=True),
            class_name="dr-agreed",
        ),
        rx.cond(
            BeginState.questions.length() > 0,
            rx.el.fieldset(
                rx.el.legend("This journey also asks for", class_name="s-label"),
                rx.foreach(BeginState.questions, _question),
                class_name="dr-questions",
            ),
        ),
        class_name="s-stack",
    )


def _question(question: rx.Var[QuestionView]) -> rx.Component:
    name = f"dr-{question.key}"
    return rx.match(
        question.control,
        ("check", check_field(name=name, label=question.label)),
        (
            "number",
            text_field(name=name, label=question.label, type="number", min=0, placeholder="0", optional=True),
        ),
        ("date", text_field(name=name, label=question.label, type="date", optional=True)),
        (
            "tags",
            text_field(name=name, label=question.label, placeholder="vip, regular", optional=True),
        ),
        text_field(name=name, label=question.label, optional=True),
    )


def _entrance() -> rx.Component:
    return rx.el.div(
        select_field(
            name="dr-door",
            label="Comes in by",
            options=BeginState.doors,
            value=BeginState.door,
            on_change=BeginState.choose_door,
        ),
        rx.el.details(
            rx.el.summary("What comes with it"),
            area_field(
                name="dr-entry",
                label="Details of the event",
                hint="A name and a value in each line. Messages and branches read them as event.…",
                default_value=BeginState.entry,
                error=rx.cond(BeginState.error_field == "dr-entry", BeginState.error, ""),
                key=BeginState.entry_serial,
                placeholder="service: Haircut",
                rows=4,
                optional=True,
            ),
            class_name="dr-details",
            open=BeginState.error_field == "dr-entry",
        ),
        class_name="s-stack dr-entrance",
    )
