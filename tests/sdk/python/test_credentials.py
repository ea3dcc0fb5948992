import re

import pytest
from helpers import (
    ORG_URL,
    OTHER_PASSWORD,
    PASSWORD,
    POLICY,
    QUESTION,
    SDK,
    active,
    assert_password,
    assert_same,
    change_password,
    deprovisioned,
    next_second,
    org,
    password,
    provisioned,
    refused,
    refused_credentials,
    refused_invalid,
    staged,
    suspended,
)

NEW_QUESTION = {"question": "Which machine was it for?", "answer": "Analytical"}
POLICY_CAUSE = re.compile(POLICY)


def change_question(user_id, value, question):
    return org.change_recovery_question(user_id, {**password(value), "recovery_question": question})


def answer_question(user_id, value, answer):
    body = {**password(value), "recovery_question": {"answer": answer}}
    return org.forgot_password_set_new_password(user_id, body)


def refused_forgotten():
    return refused(403, "E0000034", "Forgot password not allowed on specified user.", [])


def assert_credentials(credentials, question):
    assert (credentials.provider.type, credentials.provider.name) == ("OKTA", "OKTA")
    assert credentials.password.value is None
    assert credentials.recovery_question.question == question
    assert credentials.recovery_question.answer is None


def test_change_password_answers_the_credentials_and_moves_password_changed():
    user = active(recovery_question=QUESTION)
    next_second()
    assert_credentials(change_password(user.id, PASSWORD, OTHER_PASSWORD), QUESTION["question"])
    changed = org.get_user(user.id)
    assert changed.password_changed > user.password_changed
    assert changed.status == "ACTIVE"
    assert_password(user.id, OTHER_PASSWORD)


def test_change_password_refuses_a_wrong_old_password_and_changes_nothing():
    user = active()
    with refused_credentials("Old Password is not correct"):
        change_password(user.id, OTHER_PASSWORD, "Qrst4567#@")
    assert_same(org.get_user(user.id), user)


def test_change_password_refuses_a_weak_password_and_keeps_the_old_one():
    user = active()
    with refused_credentials(POLICY_CAUSE):
        change_password(user.id, PASSWORD, "weak")
    assert_password(user.id, PASSWORD)


def test_change_password_refuses_a_password_that_was_used_before():
    user = active()
    change_password(user.id, PASSWORD, OTHER_PASSWORD)
    with refused_credentials(POLICY_CAUSE):
        change_password(user.id, OTHER_PASSWORD, PASSWORD)


def test_change_password_takes_strict():
    user = active()
    change_password(user.id, PASSWORD, OTHER_PASSWORD, strict=True)
    assert_password(user.id, OTHER_PASSWORD)


@pytest.mark.parametrize("create", [provisioned, suspended, deprovisioned])
def test_change_password_is_refused_for_users_without_a_running_password(create):
    user = create()
    with refused(403, "E0000035", "Change password not allowed on specified user.", []):
        change_password(user.id, PASSWORD, OTHER_PASSWORD)


def test_change_recovery_question_answers_the_credentials_with_the_new_question():
    user = active(recovery_question=QUESTION)
    assert_credentials(change_question(user.id, PASSWORD, NEW_QUESTION), NEW_QUESTION["question"])
    answer_question(user.id, OTHER_PASSWORD, NEW_QUESTION["answer"])
    assert_password(user.id, OTHER_PASSWORD)


def test_change_recovery_question_refuses_a_wrong_password():
    user = active()
    with refused_credentials("The credentials provided were incorrect."):
        change_question(user.id, OTHER_PASSWORD, QUESTION)


def test_change_recovery_question_refuses_an_answer_of_fewer_than_four_characters():
    user = active()
    cause = "recovery_question: The security question answer must be at least 4 characters in length"
    with refused_invalid("recovery_question", [cause]):
        change_question(user.id, PASSWORD, {**QUESTION, "answer": "Ada"})


def test_change_recovery_question_is_refused_for_a_suspended_user():
    user = suspended()
    with refused(403, "E0000036", "Change recovery question not allowed on specified user.", []):
        change_question(user.id, PASSWORD, QUESTION)


def test_forgot_password_answers_a_link_and_leaves_the_user_as_they_are():
    user = active(recovery_question=QUESTION)
    answer = org.forgot_password(user.id, send_email=False)
    assert re.fullmatch(rf"{ORG_URL}/signin/reset-password/[\w-]{{20}}", answer.reset_password_url)
    assert org.get_user(user.id).status == "ACTIVE"
    assert_password(user.id, PASSWORD)


def test_forgot_password_with_send_email_answers_no_link():
    user = active(recovery_question=QUESTION)
    assert org.forgot_password(user.id, send_email=True).reset_password_url is None


def test_forgot_password_needs_no_recovery_question():
    assert org.forgot_password(active().id, send_email=False).reset_password_url


@pytest.mark.parametrize("create", [staged, provisioned, suspended, deprovisioned])
def test_forgot_password_is_refused_for_users_who_are_not_active(create):
    user = create()
    with refused_forgotten():
        org.forgot_password(user.id, send_email=False)


@pytest.mark.skipif(SDK == 3, reason="3.x has only forgot_password_recovery_question")
def test_forgot_password_with_an_answer_in_its_body_sets_the_password():
    user = active(recovery_question=QUESTION)
    answer = {"recovery_question": {"answer": QUESTION["answer"]}}
    org.forgot_password_with_answer(user.id, {**password(OTHER_PASSWORD), **answer})
    assert_password(user.id, OTHER_PASSWORD)


def test_forgot_password_set_new_password_takes_the_answer_in_any_letter_case():
    user = active(recovery_question=QUESTION)
    next_second()
    assert_credentials(answer_question(user.id, OTHER_PASSWORD, QUESTION["answer"].upper()), QUESTION["question"])
    assert org.get_user(user.id).password_changed > user.password_changed
    assert_password(user.id, OTHER_PASSWORD)


def test_forgot_password_set_new_password_refuses_a_wrong_answer_and_keeps_the_password():
    user = active(recovery_question=QUESTION)
    with refused(403, "E0000087", "The recovery question answer did not match our records.", []):
        answer_question(user.id, OTHER_PASSWORD, "Somebody")
    assert_password(user.id, PASSWORD)


def test_forgot_password_set_new_password_refuses_a_weak_password():
    user = active(recovery_question=QUESTION)
    with refused_credentials(POLICY_CAUSE):
        answer_question(user.id, "weak", QUESTION["answer"])


def test_forgot_password_set_new_password_is_refused_without_a_recovery_question():
    user = active()
    with refused_forgotten():
        answer_question(user.id, OTHER_PASSWORD, QUESTION["answer"])
