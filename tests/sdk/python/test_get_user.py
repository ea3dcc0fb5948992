import pytest
from helpers import CLIENT_ID, assert_same, new_profile, org, refused_unknown_user, staged, unique


def test_get_user_finds_a_user_by_id_by_login_in_any_letter_case_and_by_the_login_before_the_at():
    user = staged()
    login = user.profile.login
    for name in (user.id, login, login.upper(), login.split("@")[0]):
        assert_same(org.get_user(name), user)


def test_get_user_refuses_a_short_name_that_two_logins_share():
    short_name = unique("ada")
    for domain in ("ada", "babbage"):
        org.create_user({"profile": new_profile(login=f"{short_name}@{domain}.example")}, activate=False)
    with refused_unknown_user(short_name):
        org.get_user(short_name)


@pytest.mark.skipif(CLIENT_ID is not None, reason="a client is no user")
def test_get_user_finds_the_owner_of_the_token_as_me():
    me = org.get_user("me")
    assert me.status == "ACTIVE"
    assert_same(org.get_user(me.id), me)


def test_get_user_names_an_unknown_login_as_it_was_asked_for():
    with refused_unknown_user("No.Body@ada.example"):
        org.get_user("No.Body@ada.example")
