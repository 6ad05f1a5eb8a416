"""The editor of a template: its words at the left, what a customer sees at the right."""

from typing import Any

import reflex as rx

from app.pages.frame import frame
from app.pages.registry import Page
from app.pages.session import SessionState
from app.pages.templates.editor import UnsavedGuard, VariablePalette
from app.pages.templates.editor_state import EditorState
from app.pages.templates.list_state import LONGEST_NAME
from app.pages.templates.words import TYPE_CHOICES, VARIABLES
from app.ui import (
    area_field,
    badge,
    button,
    card,
    check_field,
    confirm,
    empty,
    fields_row,
    link_button,
    notice,
    page_header,
    select_field,
    skeleton_lines,
    text_field,
)
from app.ui.message import message_view
from app.ui.theme import Tone

FORM = "template-form"
PAUSE = 350
"""Milliseconds without a key after which the preview follows."""


def editor() -> rx.Component:
    """The editor, or that there is no such template."""
    return frame(
        rx.cond(
            EditorState.missing,
            empty(
                icon="file-x",
                title="No such template",
                text=EditorState.missing,
                action=link_button("All templates", href="/templates"),
            ),
            rx.cond(
                EditorState.loading,
                rx.el.div(
                    card(skeleton_lines(count=8)), card(skeleton_lines(count=5)), class_name="te-panes"
                ),
                _editor(),
            ),
        ),
        active="templates",
    )


def _editor() -> rx.Component:
    return rx.fragment(
        UnsavedGuard.create(changed=EditorState.touched, form=FORM),
        page_header(
            title=EditorState.name,
            description=rx.el.span(
                badge(EditorState.channel_words, tone=EditorState.channel_tone),
                badge(EditorState.state_words, tone=EditorState.state_tone, dot=False),
                rx.el.span("Version ", EditorState.version.to_string(), class_name="s-small s-number"),
                rx.cond(EditorState.touched, rx.el.span("Not saved yet", class_name="s-small te-unsaved")),
                class_name="s-row te-facts",
            ),
            back=("Templates", "/templates"),
            actions=(_actions(),),
        ),
        rx.cond(EditorState.other_problem, notice(EditorState.other_problem, tone=Tone.BAD)),
        rx.el.div(
            rx.el.form(
                rx.el.fieldset(
                    _words(),
                    _meta(),
                    _details(),
                    disabled=~EditorState.may_edit,
                    class_name="te-fields",
                    key=EditorState.serial.to_string(),
                ),
                id=FORM,
                on_submit=EditorState.save,
                no_validate=True,
            ),
            _preview(),
            class_name="te-panes",
        ),
    )


def _actions() -> rx.Component:
    return rx.cond(
        EditorState.may_edit,
        rx.fragment(
            rx.cond(
                EditorState.is_system,
                None,
                confirm(
                    trigger=button("Delete", look="plain"),
                    title="Delete this template?",
                    text="It cannot be brought back. A template that a journey uses is kept.",
                    action="Delete",
                    on_confirm=EditorState.delete,
                ),
            ),
            button("Copy", look="quiet", on_click=EditorState.copy),
            button("Save", type="submit", form=FORM, loading=EditorState.saving),
        ),
    )


def _words() -> rx.Component:
    return card(
        rx.el.div(
            rx.tabs.root(
                rx.tabs.list(
                    rx.foreach(
                        EditorState.languages,
                        lambda language: rx.tabs.trigger(language[1], value=language[0], lang=language[0]),
                    ),
                ),
                value=EditorState.locale,
                on_change=EditorState.choose_language,
                class_name="te-tabs",
            ),
            rx.cond(
                EditorState.may_edit,
                rx.el.div(
                    rx.el.select(
                        rx.foreach(
                            EditorState.more_languages,
                            lambda language: rx.el.option(language[1], value=language[0]),
                        ),
                        value="",
                        on_change=EditorState.add_language,
                        class_name="s-control s-pick",
                        custom_attrs={"aria-label": "Add a language"},
                    ),
                    rx.cond(
                        EditorState.languages.length() > 1,
                        button("Remove", look="plain", size="1", on_click=EditorState.drop_language),
                    ),
                    class_name="s-row",
                ),
            ),
            class_name="te-languages",
        ),
        rx.el.div(
            rx.cond(EditorState.channel == "email", _subject()),
            area_field(
                name="body",
                label="Text",
                rows=9,
                default_value=EditorState.current.body,
                on_change=lambda text: EditorState.write_body(EditorState.locale, text).debounce(PAUSE),
                on_blur=lambda text: EditorState.write_body(EditorState.locale, text),
                error=EditorState.field_problems["body"],
                lang=EditorState.locale,
                dir="auto",
                spell_check=True,
                data_takes_variables="",
            ),
            rx.el.div(
                rx.el.div("Put in", class_name="s-hint"),
                VariablePalette.create(
                    variables=list(VARIABLES), fallback="body", disabled=~EditorState.may_edit
                ),
                class_name="te-palette",
            ),
            rx.match(
                EditorState.channel,
                ("sms", _segments()),
                ("email", _html()),
                rx.el.p("*bold*, _italic_ and ~struck~ look so on WhatsApp.", class_name="s-hint"),
            ),
            class_name="s-stack",
            key=EditorState.locale,
        ),
        title="Words",
    )


def _subject() -> rx.Component:
    return text_field(
        name="subject",
        label="Subject",
        default_value=EditorState.current.subject,
        on_change=lambda text: EditorState.write_subject(EditorState.locale, text).debounce(PAUSE),
        on_blur=lambda text: EditorState.write_subject(EditorState.locale, text),
        error=EditorState.field_problems["subject"],
        lang=EditorState.locale,
        dir="auto",
        max_length=500,
        data_takes_variables="",
    )


def _segments() -> rx.Component:
    return rx.el.div(
        rx.cond(
            EditorState.look.segments,
            rx.el.div(
                rx.icon("ruler", size=15, aria_hidden="true"),
                EditorState.look.segments,
                class_name="te-segments s-number",
                role="status",
            ),
        ),
        rx.cond(
            EditorState.look.dear,
            rx.el.div(
                rx.el.span(EditorState.look.dear, class_name="s-hint"),
                button("Use plain characters", look="quiet", size="1", on_click=EditorState.make_plain),
                class_name="s-row",
            ),
        ),
        class_name="s-stack te-sms",
    )


def _html() -> rx.Component:
    return rx.el.details(
        rx.el.summary("HTML of your own", class_name="te-summary"),
        area_field(
            name="html",
            label="HTML",
            optional=True,
            hint="Takes the place of what is made from the text. Scripts are taken out.",
            rows=8,
            default_value=EditorState.current.html,
            on_change=lambda text: EditorState.write_html(EditorState.locale, text).debounce(PAUSE),
            on_blur=lambda text: EditorState.write_html(EditorState.locale, text),
            error=EditorState.field_problems["html"],
            spell_check=False,
            data_takes_variables="",
        ),
        open=EditorState.current.html != "",
        class_name="te-more",
    )


def _meta() -> rx.Component:
    fields = card(
        rx.el.p(
            "To write first, WhatsApp wants a template approved by Meta. While messages go to the local inbox, "
            "you can leave this empty.",
            class_name="s-muted s-small",
        ),
        rx.cond(EditorState.meta_problem, notice(EditorState.meta_problem, tone=Tone.BAD)),
        fields_row(
            text_field(
                name="meta_name",
                label="Name at Meta",
                optional=True,
                placeholder="welcome_first_class",
                default_value=EditorState.meta["name"],
                on_change=EditorState.touch.debounce(PAUSE),
                auto_complete="off",
            ),
            text_field(
                name="meta_language",
                label="Language codes",
                optional=True,
                placeholder="en, hi",
                default_value=EditorState.meta["language"],
                on_change=EditorState.touch.debounce(PAUSE),
                auto_complete="off",
            ),
        ),
        area_field(
            name="meta_parameters",
            label="Parameters",
            optional=True,
            hint="What stands for {{1}}, {{2}} … in Meta’s text, one a line.",
            rows=3,
            default_value=EditorState.meta["parameters"],
            on_change=EditorState.touch.debounce(PAUSE),
            data_takes_variables="",
        ),
        title="Approved at Meta",
    )
    return rx.cond(EditorState.channel == "whatsapp", rx.el.div(fields, class_name="te-meta"))


def _details() -> rx.Component:
    return card(
        rx.el.div(
            text_field(
                name="name",
                label="Name",
                default_value=EditorState.name,
                on_change=EditorState.touch.debounce(PAUSE),
                error=EditorState.problems["name"],
                max_length=LONGEST_NAME,
                auto_complete="off",
            ),
            select_field(
                name="template_type",
                label="What it is for",
                options=TYPE_CHOICES,
                default_value=EditorState.template_type,
                on_change=EditorState.touch,
            ),
            text_field(
                name="description",
                label="Note",
                optional=True,
                hint="For your colleagues.",
                default_value=EditorState.description,
                on_change=EditorState.touch.debounce(PAUSE),
                error=EditorState.problems["description"],
                max_length=1000,
            ),
            check_field(
                name="is_active",
                label="In use",
                hint="When it is off, journeys skip the message and say so.",
                default_checked=EditorState.is_active,
                on_change=EditorState.touch,
            ),
            class_name="s-stack",
        ),
        title="Details",
    )


def _preview() -> rx.Component:
    look: Any = EditorState.look
    return rx.el.aside(
        rx.el.div(
            rx.el.h2("Preview", class_name="s-card-title"),
            rx.el.span("as Asha sees it", class_name="s-muted s-small"),
            class_name="s-row te-preview-head",
        ),
        rx.cond(
            look.problem,
            notice(look.problem, tone=Tone.WAITING),
            message_view(
                channel=look.channel,
                sender=SessionState.tenant_name,
                pieces=look.pieces,
                subject=look.subject,
                document=look.document,
                time="10:24",
                language=look.language,
            ),
        ),
        rx.cond(
            look.missing,
            rx.el.p("Empty for want of a value: ", rx.el.code(look.missing), class_name="s-hint te-missing"),
        ),
        class_name="te-preview",
        custom_attrs={"aria-label": "Preview", "aria-live": "polite"},
    )


TEMPLATE = Page(
    route="/templates/[template_id]",
    component=editor,
    title="Template",
    description="What a message says, in every language, and how it looks.",
    on_load=(EditorState.load,),
)
