import re

import pytest
from helpers import (
    ORG_URL,
    PASSWORD,
    QUESTION,
    SDK,
    Refused,
    active,
    assert_password,
    assert_same,
    assert_status,
    change_password,
    deprovisioned,
    new_profile,
    next_second,
    org,
    password,
    provisioned,
    refused,
    refused_invalid,
    refused_status,
    refused_unknown_user,
    staged,
    suspended,
)

TOKEN = r"[\w-]{20}"


def after(user, operation, **query):
    """Runs the operation in a later second than the user's last change, and reads the user after it."""
    next_second()
    operation(user.id, **query)
    return org.get_user(user.id)


def assert_moved(user, before):
    assert user.status_changed > before.status_changed
    assert user.last_updated > before.last_updated
    assert user.created == before.created


def test_activate_user_makes_a_staged_user_provisioned_and_answers_a_token():
    user = staged()
    answer = org.activate_user(user.id, send_email=False)
    assert re.fullmatch(TOKEN, answer.activation_token)
    assert answer.activation_url.startswith(f"{ORG_URL}/")
    assert f"/{answer.activation_token}" in answer.activation_url
    activated = org.get_user(user.id)
    assert_status(activated, "PROVISIONED")
    assert activated.activated and activated.status_changed


def test_activate_user_with_send_email_answers_no_token():
    user = staged()
    assert org.activate_user(user.id, send_email=True).activation_token is None
    assert_status(org.get_user(user.id), "PROVISIONED")


def test_activate_user_makes_a_staged_user_with_a_password_active():
    user = staged(password(PASSWORD))
    assert org.activate_user(user.id, send_email=False).activation_token
    assert_status(org.get_user(user.id), "ACTIVE")


def test_activate_user_makes_a_deprovisioned_user_provisioned_the_old_password_gone():
    user = deprovisioned()
    activated = after(user, org.activate_user, send_email=False)
    assert_status(activated, "PROVISIONED")
    assert_moved(activated, user)
    assert activated.activated > user.activated
    assert activated.credentials.password is None


@pytest.mark.parametrize("create", [active, provisioned])
def test_activate_user_is_refused_for_users_who_are_active_already(create):
    user = create()
    with refused(403, "E0000016", "Activation failed because the user is already active", []):
        org.activate_user(user.id, send_email=False)


def test_activate_user_is_refused_for_a_suspended_user():
    user = suspended()
    with refused_status():
        org.activate_user(user.id, send_email=False)


def test_reactivate_user_answers_a_provisioned_user_a_new_token():
    user = staged()
    first = org.activate_user(user.id, send_email=False)
    second = org.reactivate_user(user.id, send_email=False)
    assert re.fullmatch(TOKEN, second.activation_token)
    assert second.activation_token != first.activation_token
    assert_status(org.get_user(user.id), "PROVISIONED")


@pytest.mark.parametrize("create", [staged, active])
def test_reactivate_user_is_refused_for_users_who_are_not_provisioned(create):
    user = create()
    with refused_status():
        org.reactivate_user(user.id, send_email=False)


def test_deactivate_user_makes_an_active_user_deprovisioned_without_a_password():
    user = active(recovery_question=QUESTION)
    deactivated = after(user, org.deactivate_user)
    assert_status(deactivated, "DEPROVISIONED")
    assert_moved(deactivated, user)
    assert deactivated.activated == user.activated
    assert deactivated.credentials.password is None
    assert_same(deactivated.profile, user.profile)


def test_deactivate_user_makes_a_staged_user_deprovisioned_never_activated():
    user = staged()
    org.deactivate_user(user.id)
    deactivated = org.get_user(user.id)
    assert_status(deactivated, "DEPROVISIONED")
    assert deactivated.activated is None


def test_deactivate_user_is_refused_for_a_deprovisioned_user():
    user = deprovisioned()
    with refused_status():
        org.deactivate_user(user.id)


def test_deactivate_or_delete_user_first_deactivates_then_deletes_and_frees_the_login():
    user = active()
    org.deactivate_or_delete_user(user.id)
    assert_status(org.get_user(user.id), "DEPROVISIONED")
    org.deactivate_or_delete_user(user.id)
    with refused_unknown_user(user.id):
        org.get_user(user.id)
    with refused_unknown_user(user.id):
        org.deactivate_or_delete_user(user.id)
    assert org.list_users(search=f'id eq "{user.id}"') == []
    assert org.create_user({"profile": new_profile(login=user.profile.login)}).id != user.id


@pytest.mark.parametrize("create", [staged, provisioned, suspended])
def test_deactivate_or_delete_user_deactivates_users_of_every_status(create):
    user = create()
    org.deactivate_or_delete_user(user.id)
    assert_status(org.get_user(user.id), "DEPROVISIONED")


def test_suspend_user_makes_an_active_user_suspended():
    user = active()
    after_suspension = after(user, org.suspend_user)
    assert_status(after_suspension, "SUSPENDED")
    assert_moved(after_suspension, user)
    assert after_suspension.password_changed == user.password_changed


@pytest.mark.parametrize("create", [staged, suspended, deprovisioned])
def test_suspend_user_is_refused_for_users_who_are_not_active(create):
    user = create()
    with refused_invalid("suspendUser", ["Cannot suspend a user that is not active"]):
        org.suspend_user(user.id)
    assert_status(org.get_user(user.id), user.status)


def test_unsuspend_user_makes_a_suspended_user_active_with_the_same_password():
    user = suspended()
    unsuspended = after(user, org.unsuspend_user)
    assert_status(unsuspended, "ACTIVE")
    assert_moved(unsuspended, user)
    assert_password(user.id, PASSWORD)


def test_unsuspend_user_is_refused_for_an_active_user():
    user = active()
    with refused_invalid("unsuspendUser", ["Cannot unsuspend a user that is not suspended"]):
        org.unsuspend_user(user.id)


@pytest.mark.parametrize("create", [active, staged, suspended])
def test_unlock_user_is_refused_for_users_who_are_not_locked_out(create):
    user = create()
    with refused(403, "E0000032", "Unlock is not allowed for this user.", ["The user is not locked out."]):
        org.unlock_user(user.id)


def test_expire_password_answers_the_user_now_password_expired():
    user = active()
    next_second()
    expired = org.expire_password(user.id)
    assert_status(expired, "PASSWORD_EXPIRED")
    assert_moved(org.get_user(user.id), user)
    assert expired.password_changed == user.password_changed


def test_expire_password_ends_when_the_user_changes_the_password():
    user = active()
    org.expire_password(user.id)
    assert_password(user.id, PASSWORD)
    assert_status(org.get_user(user.id), "ACTIVE")


@pytest.mark.parametrize("create", [staged, provisioned, suspended, deprovisioned])
def test_expire_password_is_refused_for_users_without_a_running_password(create):
    user = create()
    with refused_status():
        org.expire_password(user.id)


def test_expire_password_and_get_temporary_password_replaces_the_old_password_until_changed():
    user = active()
    next_second()
    temporary = org.expire_password_and_get_temporary_password(user.id)
    assert re.fullmatch("[A-Za-z0-9]{12}", temporary)
    expired = org.get_user(user.id)
    assert_status(expired, "PASSWORD_EXPIRED")
    assert_moved(expired, user)
    assert expired.password_changed > user.password_changed
    with pytest.raises(Refused):
        change_password(user.id, PASSWORD, "Qrst4567#@")
    assert_password(user.id, temporary)
    assert_status(org.get_user(user.id), "ACTIVE")


@pytest.mark.skipif(SDK == 3, reason="3.x has only the path of its own")
def test_expire_password_with_temp_password_true_answers_a_temporary_password():
    user = active()
    temporary = org.expire_password_with_temp_password_true(user.id).temp_password
    assert_status(org.get_user(user.id), "PASSWORD_EXPIRED")
    assert_password(user.id, temporary)


def test_expire_password_and_get_temporary_password_is_refused_for_a_staged_user():
    user = staged()
    with refused_status():
        org.expire_password_and_get_temporary_password(user.id)


def test_reset_password_answers_a_link_and_leaves_the_user_in_recovery():
    user = active()
    next_second()
    answer = org.reset_password(user.id, send_email=False)
    assert re.fullmatch(f"{ORG_URL}/reset_password/{TOKEN}", answer.reset_password_url)
    recovering = org.get_user(user.id)
    assert recovering.status == "RECOVERY"
    assert_moved(recovering, user)


def test_reset_password_with_send_email_answers_no_link():
    user = active()
    assert org.reset_password(user.id, send_email=True).reset_password_url is None
    assert org.get_user(user.id).status == "RECOVERY"


@pytest.mark.parametrize("create", [staged, suspended, deprovisioned])
def test_reset_password_is_refused_for_users_who_are_staged_suspended_or_deactivated(create):
    user = create()
    with refused_status():
        org.reset_password(user.id, send_email=False)


def test_reset_factors_succeeds_without_factors_and_changes_nothing():
    user = active()
    assert_same(after(user, org.reset_factors), user)


def test_reset_factors_is_refused_for_a_deprovisioned_user():
    user = deprovisioned()
    with refused_status():
        org.reset_factors(user.id)
