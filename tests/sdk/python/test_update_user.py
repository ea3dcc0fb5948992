import re

import pytest
from helpers import (
    OTHER_PASSWORD,
    PASSWORD,
    POLICY,
    QUESTION,
    active,
    assert_password,
    assert_same,
    assert_status,
    deprovisioned,
    new_profile,
    next_second,
    org,
    password,
    provisioned,
    refused_invalid,
    refused_status,
    refused_unknown_user,
    staged,
)


def required(user, **attributes):
    """The user's required attributes, some of them changed: a profile that PUT and POST take alike."""
    profile = user.profile
    kept = {"firstName": profile.first_name, "lastName": profile.last_name}
    return {**kept, "login": profile.login, "email": profile.email, **attributes}


@pytest.fixture(params=["partial_update_user", "update_user"])
def update(request):
    return getattr(org, request.param)


def test_update_changes_the_profile_and_moves_last_updated_alone(update):
    user = active()
    next_second()
    updated = update(user.id, {"profile": required(user, city="Paris")})
    assert updated.profile.city == "Paris"
    assert updated.last_updated > user.last_updated
    assert (updated.created, updated.activated) == (user.created, user.activated)
    assert (updated.status_changed, updated.password_changed) == (user.status_changed, user.password_changed)
    assert_same(org.get_user(user.id), updated)


def test_update_moves_a_user_to_another_login(update):
    user, login = staged(), new_profile()["login"]
    update(user.id, {"profile": required(user, login=login)})
    assert org.get_user(login).id == user.id
    with refused_unknown_user(user.profile.login):
        org.get_user(user.profile.login)


def test_update_refuses_a_login_that_another_user_has_and_changes_nothing(update):
    user, other = staged(), staged()
    with refused_invalid("login", ["login: An object with this field already exists in the current organization"]):
        update(user.id, {"profile": required(user, city="Paris", login=other.profile.login)})
    assert_same(org.get_user(user.id), user)


def test_update_refuses_an_unknown_profile_attribute(update):
    user = staged()
    with refused_invalid("profile", ["Property name 'notValid' is not defined in profile"]):
        update(user.id, {"profile": required(user, notValid="x")})


def test_update_sets_a_password_and_moves_password_changed(update):
    user = active()
    next_second()
    updated = update(user.id, {"credentials": password(OTHER_PASSWORD)})
    assert updated.password_changed > user.password_changed
    assert_same(updated.profile, user.profile)
    assert_password(user.id, OTHER_PASSWORD)


def test_update_with_a_password_makes_a_provisioned_user_active(update):
    user = provisioned()
    update(user.id, {"credentials": password(PASSWORD)})
    assert_status(org.get_user(user.id), "ACTIVE")


def test_update_refuses_a_weak_password_and_keeps_the_old_one(update):
    user = active()
    with refused_invalid("password", [re.compile(f"password: {POLICY}")]):
        update(user.id, {"credentials": password("weak")})
    assert_password(user.id, PASSWORD)


def test_update_refuses_a_used_password_when_strict_and_takes_it_otherwise(update):
    user = active()
    with refused_invalid("password", [re.compile(f"password: {POLICY}.*Your password cannot be any of your last")]):
        update(user.id, {"credentials": password(PASSWORD)}, strict=True)
    update(user.id, {"credentials": password(PASSWORD)}, strict=False)


def test_update_is_refused_for_a_deprovisioned_user(update):
    user = deprovisioned()
    with refused_status():
        update(user.id, {"profile": required(user, city="Paris")})


def test_partial_update_user_keeps_what_it_does_not_name():
    user = staged()
    org.partial_update_user(user.id, {"profile": {"city": "Paris"}})
    updated = org.partial_update_user(user.id, {"profile": {"nickName": "Countess"}})
    assert (updated.profile.city, updated.profile.nick_name) == ("Paris", "Countess")
    assert updated.profile.login == user.profile.login


def test_update_user_clears_what_it_does_not_name():
    profile = new_profile()
    user = org.create_user({"profile": {**profile, "city": "Paris", "mobilePhone": "555"}}, activate=False)
    updated = org.update_user(user.id, {"profile": profile})
    assert (updated.profile.city, updated.profile.mobile_phone) == (None, None)
    assert_same(org.get_user(user.id), updated)


def test_update_user_refuses_a_profile_that_lacks_a_required_attribute():
    user, profile = staged(), new_profile()
    del profile["lastName"]
    with refused_invalid("lastName", ["lastName: The field cannot be left blank"]):
        org.update_user(user.id, {"profile": profile})


def test_update_user_with_a_profile_alone_keeps_the_credentials():
    user = active(recovery_question=QUESTION)
    updated = org.update_user(user.id, {"profile": new_profile()})
    assert_same(updated.credentials, user.credentials)
    assert updated.password_changed == user.password_changed
    assert_password(user.id, PASSWORD)


def test_update_user_with_a_password_alone_leaves_last_updated():
    user = active()
    next_second()
    assert org.update_user(user.id, {"credentials": password(OTHER_PASSWORD)}).last_updated == user.last_updated


def test_update_user_takes_back_a_user_as_it_was_read():
    user = org.get_user(active().id)
    user.profile.title = "Countess"
    updated = org.update_user(user.id, user)
    assert updated.profile.title == "Countess"
    assert_status(updated, "ACTIVE")
    assert_password(user.id, PASSWORD)
