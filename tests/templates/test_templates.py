"""Templates as staff keep them: versions, names, deletion, preview."""

from datetime import datetime
from uuid import UUID

import pytest

from engine.core.accounts import create_tenant
from engine.core.db import tenant_session
from engine.core.errors import Conflict, InvalidTemplate, NotFound
from engine.core.ids import new_id
from engine.templates.system import install_system_templates, system_templates
from engine.templates.templates import (
    TemplateChange,
    TemplateDraft,
    create_template,
    delete_template,
    get_template,
    list_templates,
    list_versions,
    preview,
    update_template,
)


def draft(name: str = "Hello", body: str = "Hi {{ first_name }}") -> TemplateDraft:
    return TemplateDraft(name=name, channel="sms", contents={"en": {"body": body}})


def test_new_words_make_a_version_and_a_new_name_does_not(tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        template = create_template(session, tenant, draft(), now=now)
        update_template(session, template.id, TemplateChange(name="Hello again"), now=now)
        assert template.version == 1
        update_template(session, template.id, TemplateChange(contents={"en": {"body": "New"}}), now=now)
        assert template.version == 2
        update_template(session, template.id, TemplateChange(contents={"en": {"body": "New"}}), now=now)
        assert template.version == 2
        versions = list_versions(session, template.id)
    assert [(each.version, each.contents["en"]["body"]) for each in versions] == [
        (2, "New"),
        (1, "Hi {{ first_name }}"),
    ]


def test_a_change_made_from_an_old_version_is_refused(tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        template_id = create_template(session, tenant, draft(), now=now).id
        update_template(
            session, template_id, TemplateChange(contents={"en": {"body": "2"}}), now=now, based_on=1
        )
        with pytest.raises(Conflict, match="meanwhile"):
            update_template(
                session, template_id, TemplateChange(contents={"en": {"body": "3"}}), now=now, based_on=1
            )


def test_a_name_is_taken_once_whatever_its_case(tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        first = create_template(session, tenant, draft(), now=now)
        with pytest.raises(Conflict, match="name"):
            create_template(session, tenant, draft("HELLO"), now=now)
        assert update_template(session, first.id, TemplateChange(name="HELLO"), now=now).name == "HELLO"


def test_broken_words_are_not_stored(tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session, pytest.raises(InvalidTemplate):
        create_template(session, tenant, draft(body="{{ first_name"), now=now)
    with tenant_session(tenant) as session:
        template_id = create_template(session, tenant, draft(), now=now).id
    with tenant_session(tenant) as session, pytest.raises(InvalidTemplate):
        update_template(session, template_id, TemplateChange(contents={"en": {"body": "{%"}}), now=now)
    with tenant_session(tenant) as session:
        assert get_template(session, template_id).version == 1


def test_listing_searches_and_filters(tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        create_template(session, tenant, draft("100% off"), now=now)
        create_template(session, tenant, draft("Other"), now=now)
        assert [each.name for each in list_templates(session, search="0%")] == ["100% off"]
        assert list_templates(session, channel="email") == []


def test_deleting(tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        template = create_template(session, tenant, draft(), now=now)
        with pytest.raises(Conflict, match="journey"):
            delete_template(session, template.id, used_by=["journey “A”"])
        delete_template(session, template.id)
        with pytest.raises(NotFound):
            get_template(session, template.id)
        with pytest.raises(NotFound):
            update_template(session, new_id(), TemplateChange(name="x"), now=now)


def test_prebuilt_templates_are_installed_once_and_stay(tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        assert install_system_templates(session, tenant, now) == len(system_templates()) == 15
        assert install_system_templates(session, tenant, now) == 0
        with pytest.raises(Conflict, match="prebuilt"):
            delete_template(session, list_templates(session)[0].id)


def test_preview_shows_what_was_missing_and_counts_parts() -> None:
    shown = preview("sms", {"hi": {"body": "नमस्ते {{ first_name }} {{ event.code }}"}})
    assert shown.message.body == "नमस्ते Asha"
    assert shown.missing == ("event.code",)
    assert shown.sms is not None
    assert shown.sms.encoding == "UCS-2"
    assert preview("whatsapp", {"en": {"body": "x"}}).sms is None


def test_one_tenant_does_not_see_the_templates_of_another(tenant: UUID, now: datetime) -> None:
    other = create_tenant(f"other-{new_id().hex[:8]}", "Other")
    with tenant_session(tenant) as session:
        template_id = create_template(session, tenant, draft(), now=now).id
    with tenant_session(other) as session, pytest.raises(NotFound):
        get_template(session, template_id)
