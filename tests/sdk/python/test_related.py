import pytest
from helpers import active, assert_same, group_profile, org, refused, staged, unique


def create_group():
    return org.create_group({"profile": {"name": unique("Engineers")}})


def group_ids(user_id):
    return [group.id for group in org.list_user_groups(user_id)]


def test_clear_user_sessions_succeeds_without_sessions_and_changes_nothing():
    user = active()
    org.clear_user_sessions(user.id)
    org.clear_user_sessions(user.id, oauth_tokens=True)
    assert_same(org.get_user(user.id), user)


def test_list_user_groups_begins_with_everyone():
    [everyone] = org.list_user_groups(staged().id)
    assert (everyone.type, group_profile(everyone).name) == ("BUILT_IN", "Everyone")
    assert group_profile(everyone).description == "All users in your organization"


def test_list_user_groups_follows_joining_and_leaving_and_so_do_the_members():
    user, group = staged(), create_group()
    [everyone] = group_ids(user.id)
    org.add_user_to_group(group.id, user.id)
    org.add_user_to_group(group.id, user.id)
    assert group_ids(user.id) == [everyone, group.id]
    assert [member.id for member in org.list_group_users(group.id)] == [user.id]
    org.remove_user_from_group(group.id, user.id)
    assert group_ids(user.id) == [everyone]
    assert org.list_group_users(group.id) == []


def test_list_user_groups_shows_a_renamed_group_as_it_is_read_alone():
    user, group = staged(), create_group()
    org.add_user_to_group(group.id, user.id)
    name = unique("Weavers")
    org.update_group(group.id, {"profile": {"name": name, "description": "They weave algebra"}})
    renamed = org.list_user_groups(user.id)[1]
    assert (renamed.type, group_profile(renamed).name) == ("OKTA_GROUP", name)
    assert group_profile(renamed).description == "They weave algebra"
    assert_same(org.get_group(group.id), renamed)


def test_list_user_groups_forgets_a_deleted_group():
    user, group = staged(), create_group()
    org.add_user_to_group(group.id, user.id)
    org.delete_group(group.id)
    assert len(group_ids(user.id)) == 1
    with refused(404, "E0000007", f"Not found: Resource not found: {group.id} (UserGroup)", []):
        org.get_group(group.id)


def test_create_group_refuses_a_name_that_exists():
    name = group_profile(create_group()).name
    causes = ["name: An object with this field already exists in the current organization"]
    with refused(400, "E0000001", "Api validation failed: name", causes):
        org.create_group({"profile": {"name": name}})


@pytest.mark.parametrize("operation", ["list_user_identity_providers", "list_app_links", "list_user_clients"])
def test_related_list_is_empty_for_a_new_user_by_id_and_by_login(operation):
    user = active()
    for name in (user.id, user.profile.login):
        assert getattr(org, operation)(name) == []
