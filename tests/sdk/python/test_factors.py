"""Time-based codes, made by a library that is neither Okta's nor ours."""

import time

import pyotp
from helpers import SDK, active, org, refused

if SDK == 3:
    from okta import models

    # The SDK's model of these requests knows push factors alone.
    class ActivateRequest(models.UserFactorActivateRequest):
        passCode: str

    class VerifyRequest(models.UserFactorVerifyRequest):
        passCode: str


def enroll(user_id):
    """Enrolls Google's kind and answers its id and an app that holds its secret."""
    body = {"factorType": "token:software:totp", "provider": "GOOGLE"}
    factor = org.enroll_factor(user_id, models.UserFactorTokenSoftwareTOTP.from_dict(body) if SDK == 3 else body)
    return factor.id, pyotp.TOTP(factor.embedded["activation"]["sharedSecret"])


def activate(user_id, factor_id, code):
    if SDK == 3:
        return org.activate_factor(user_id, factor_id, body=ActivateRequest(passCode=code))
    return org.activate_factor(user_id, factor_id, {"passCode": code})


def verify(user_id, factor_id, code):
    if SDK == 3:
        return org.verify_factor(user_id, factor_id, body=VerifyRequest(passCode=code))
    return org.verify_factor(user_id, factor_id, {"passCode": code})


def wrong_passcode():
    return refused(
        403, "E0000068", "Invalid Passcode/Answer", ["Your passcode doesn't match our records. Please try again."]
    )


def test_codes_of_pyotp_activate_and_verify_a_factor_once_each():
    user = active()
    factor_id, app = enroll(user.id)
    now = int(time.time())
    with wrong_passcode():
        activate(user.id, factor_id, app.at(now - 3600))
    activate(user.id, factor_id, app.at(now))
    assert [factor.status for factor in org.list_factors(user.id)] == ["ACTIVE"]
    with refused(403, "E0000082", "Each code can only be used once. Please wait for a new code and try again."):
        verify(user.id, factor_id, app.at(now))
    # Clocks differ: the next step's code is good already.
    assert verify(user.id, factor_id, app.at(now + 30)).factor_result == "SUCCESS"
    with wrong_passcode():
        verify(user.id, factor_id, app.at(now + 3600))
