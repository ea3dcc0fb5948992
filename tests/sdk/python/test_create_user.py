import base64
import hashlib
import re
import secrets

import pytest
from helpers import (
    PASSWORD,
    POLICY,
    QUESTION,
    assert_password,
    assert_same,
    assert_status,
    new_profile,
    org,
    password,
    provider,
    refused,
    refused_invalid,
    refused_unknown_user,
    staged,
    unique,
)

OKTA = ("OKTA", "OKTA")
IMPORT = ("IMPORT", "IMPORT")
FEDERATION = {"provider": {"type": "FEDERATION", "name": "FEDERATION"}}


def create(credentials=None, profile=None, **query):
    body = {"profile": profile or new_profile(), **({"credentials": credentials} if credentials else {})}
    return org.create_user(body, **query)


def salted_digest(algorithm, salt_order):
    """PASSWORD as another system would have stored it."""
    salt, digest = secrets.token_bytes(16), hashlib.new(algorithm.replace("-", ""))
    for part in (salt, PASSWORD.encode()) if salt_order == "PREFIX" else (PASSWORD.encode(), salt):
        digest.update(part)
    encoded = {"salt": base64.b64encode(salt).decode(), "value": base64.b64encode(digest.digest()).decode()}
    return {"algorithm": algorithm, "saltOrder": salt_order, **encoded}


BCRYPT = {
    "algorithm": "BCRYPT",
    "workFactor": 10,
    "salt": "DL1hxyj64Tem63Cvkcy2Qu",
    "value": "0Wm3N/zrMOGPe/iBFjumRINAdlkpQhW",
}
HASHES = {
    "bcrypt": BCRYPT,
    "sha256_salt_before": salted_digest("SHA-256", "PREFIX"),
    "sha512_salt_after": salted_digest("SHA-512", "POSTFIX"),
}


def test_create_user_answers_the_whole_user_and_so_does_the_next_read():
    profile = new_profile(city="London", mobilePhone="+44 20 7946 0000")
    user = create(profile=profile, activate=False)
    assert re.fullmatch("00u[0-9A-Za-z]{17}", user.id)
    assert re.fullmatch("oty[0-9A-Za-z]{17}", user.type.id)
    assert user.created == user.last_updated
    assert user.profile.login == profile["login"]
    assert user.profile.email == profile["email"]
    assert user.profile.first_name == "Ada"
    assert user.profile.last_name == "Lovelace"
    assert user.profile.city == "London"
    assert user.profile.mobile_phone == "+44 20 7946 0000"
    assert user.profile.second_email is None
    assert provider(user) == OKTA
    assert_same(org.get_user(user.id), user)


def test_create_user_without_a_password_and_with_activate_false_leaves_the_user_staged():
    user = create(activate=False)
    assert_status(user, "STAGED")
    assert [user.activated, user.status_changed, user.password_changed, user.last_login] == [None] * 4
    assert user.credentials.password is None


def test_create_user_without_a_password_activates_the_user_to_provisioned():
    user = create()
    assert_status(user, "PROVISIONED")
    assert user.activated >= user.created
    assert user.status_changed >= user.created
    assert user.password_changed is None


def test_create_user_with_a_password_makes_the_user_active():
    user = create(password(PASSWORD))
    assert_status(user, "ACTIVE")
    assert user.activated and user.status_changed and user.password_changed
    assert user.credentials.password.value is None
    assert_password(user.id, PASSWORD)


def test_create_user_with_a_password_and_activate_false_leaves_the_user_staged_with_password_changed_set():
    user = create(password(PASSWORD), activate=False)
    assert_status(user, "STAGED")
    assert user.password_changed
    assert [user.activated, user.status_changed] == [None, None]


def test_create_user_with_a_recovery_question_lets_its_answer_set_a_password():
    user = create({**password(PASSWORD), "recovery_question": QUESTION})
    answer = {"recovery_question": {"answer": QUESTION["answer"]}}
    credentials = org.forgot_password_set_new_password(user.id, {**password("Wxyz9876#@"), **answer})
    assert credentials.recovery_question.question == QUESTION["question"]
    assert credentials.recovery_question.answer is None


def test_create_user_with_next_login_change_password_makes_the_user_password_expired():
    assert_status(create(password(PASSWORD), next_login="changePassword"), "PASSWORD_EXPIRED")


def test_create_user_with_next_login_change_password_needs_a_password():
    summary = "Could not create user. To create a user and expire their password immediately, "
    with refused(400, "E0000124", summary + "a password must be specified"):
        create(next_login="changePassword")


def test_create_user_with_next_login_change_password_refuses_activate_false():
    summary = "Could not create user. To create a user and expire their password immediately, "
    with refused(400, "E0000125", summary + '"activate" must be true'):
        create(password(PASSWORD), next_login="changePassword", activate=False)


@pytest.mark.parametrize("name", HASHES)
def test_create_user_with_a_hash_imports_a_password_that_works(name):
    user = create({"password": {"hash": HASHES[name]}})
    assert_status(user, "ACTIVE")
    assert provider(user) == IMPORT
    assert user.password_changed
    assert_password(user.id, PASSWORD)


def test_create_user_with_a_hash_and_activate_false_leaves_the_user_staged_with_status_changed_set():
    user = create({"password": {"hash": BCRYPT}}, activate=False)
    assert_status(user, "STAGED")
    assert provider(user) == IMPORT
    assert user.password_changed and user.status_changed
    assert user.activated is None


def test_create_user_with_a_password_import_hook_makes_the_user_active():
    user = create({"password": {"hook": {"type": "default"}}})
    assert_status(user, "ACTIVE")
    assert provider(user) == IMPORT


def test_create_user_with_provider_federation_makes_an_active_user_without_a_password():
    user = create(FEDERATION, provider=True)
    assert user.status == "ACTIVE"
    assert provider(user) == ("FEDERATION", "FEDERATION")
    assert user.credentials.password is None
    assert user.password_changed is None


def test_create_user_ignores_a_provider_that_the_query_does_not_announce():
    user = create(FEDERATION)
    assert_status(user, "PROVISIONED")
    assert provider(user) == OKTA


def test_create_user_with_group_ids_makes_the_user_a_member():
    group = org.create_group({"profile": {"name": unique("Analysts")}})
    user = org.create_user({"profile": new_profile(), "groupIds": [group.id]})
    assert [each.id for each in org.list_user_groups(user.id)][1:] == [group.id]


def test_create_user_with_an_unknown_group_creates_nobody():
    profile = new_profile()
    with refused(404, "E0000007", "Not found: Resource not found: 00gNoSuchGroup000000 (UserGroup)", []):
        org.create_user({"profile": profile, "groupIds": ["00gNoSuchGroup000000"]})
    with refused_unknown_user(profile["login"]):
        org.get_user(profile["login"])


def test_create_user_with_the_default_type_creates_a_user_of_it():
    type_id = staged().type.id
    assert org.create_user({"profile": new_profile(), "type": {"id": type_id}}).type.id == type_id


def test_create_user_refuses_an_unknown_type():
    with refused_invalid("type"):
        org.create_user({"profile": new_profile(), "type": {"id": "otyNoSuchType0000000"}})


def test_create_user_refuses_a_login_that_exists_whatever_its_letter_case():
    login = staged().profile.login
    for taken in (login, login.upper()):
        with refused_invalid(
            "login", ["login: An object with this field already exists in the current organization"]
        ):
            create(profile=new_profile(login=taken))


def test_create_user_refuses_a_login_that_is_no_email_address():
    with refused_invalid("login", ["login: Username must be in the form of an email address"]):
        create(profile=new_profile(login=unique("plain")))


def test_create_user_names_every_required_attribute_that_is_missing():
    causes = [f"{name}: The field cannot be left blank" for name in ("login", "firstName", "lastName", "email")]
    with refused_invalid("login", [*causes, "login: Username must be in the form of an email address"]):
        create(profile={"city": "London"})


def test_create_user_refuses_an_unknown_profile_attribute():
    with refused_invalid("newUser", ["Property name 'notValid' is not defined in profile"]):
        create(profile=new_profile(notValid="x"))


@pytest.mark.parametrize("weak", ["Abc12#", "abcd1234#@"])
def test_create_user_refuses_a_weak_password_and_creates_nobody(weak):
    profile = new_profile()
    with refused_invalid("password", [re.compile(f"password: {POLICY}")]):
        create(password(weak), profile)
    with refused_unknown_user(profile["login"]):
        org.get_user(profile["login"])
