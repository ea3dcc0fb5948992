"""What stands around the users: roles, apps, identity providers and tokens."""

import pytest
from helpers import CLIENT_ID, SDK, active, org, refused, unique

pytestmark = pytest.mark.skipif(SDK == 2, reason="2.x builds its bodies of classes that differ from one API to the next")


def create_group():
    return org.create_group({"profile": {"name": unique("Group")}})


def test_a_user_gets_a_role_shows_it_and_loses_it():
    user = active()
    org.assign_role_to_user(user.id, {"type": "USER_ADMIN"})
    [role] = org.list_assigned_roles_for_user(user.id)
    role = role.actual_instance if hasattr(role, "actual_instance") else role
    assert (role.type, role.label, role.assignment_type) == ("USER_ADMIN", "Group Administrator", "USER")
    with refused(409, "E0000090", "The role specified is already assigned to the user.", []):
        org.assign_role_to_user(user.id, {"type": "USER_ADMIN"})
    org.unassign_role_from_user(user.id, role.id)
    assert org.list_assigned_roles_for_user(user.id) == []


def test_users_and_groups_are_assigned_to_an_app_and_see_it_among_their_links():
    label = unique("Bookmark")
    settings = {"app": {"requestIntegration": False, "url": "https://example.com"}}
    body = {"name": "bookmark", "label": label, "signOnMode": "BOOKMARK", "settings": settings}
    app, group, direct, member = org.create_application(body), create_group(), active(), active()
    org.assign_user_to_application(app.id, {"id": direct.id})
    org.add_user_to_group(group.id, member.id)
    org.assign_group_to_application(app.id, group.id)
    for user in (direct, member):
        assert [link.label for link in org.list_app_links(user.id)] == [label]
    org.deactivate_application(app.id)
    assert org.list_app_links(direct.id) == []
    org.delete_application(app.id)


def test_an_identity_provider_is_made_read_and_removed():
    # Users cannot be linked by 3.x: it takes the values of a linked user's profile for objects and can read none.
    protocol = {
        "type": "OIDC",
        "scopes": ["profile", "email", "openid"],
        "credentials": {"client": {"client_id": "id", "client_secret": "secret"}},
    }
    made = org.create_identity_provider({"type": "GOOGLE", "name": unique("Google"), "protocol": protocol})
    assert org.get_identity_provider(made.id).name == made.name
    assert org.deactivate_identity_provider(made.id).status == "INACTIVE"
    org.delete_identity_provider(made.id)
    with refused(404, "E0000007", f"Not found: Resource not found: {made.id} (IdpTrust)", []):
        org.get_identity_provider(made.id)


@pytest.mark.skipif(CLIENT_ID is not None, reason="a client is no user")
def test_the_orgs_tokens_are_listed_with_their_owners():
    me = org.get_user("me").id
    assert any(token.user_id == me for token in org.list_api_tokens())
