"""What every one of the 25 operations shares: a wrong token and an unknown user are refused alike."""

import pytest
from helpers import OPERATIONS, Org, org, refused, refused_unknown_user

stranger = Org(token="00" + "x" * 40)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_wrong_token_is_refused(operation):
    with refused(401, "E0000011", "Invalid token provided", []):
        OPERATIONS[operation](stranger, "me")


@pytest.mark.parametrize("operation", sorted(OPERATIONS.keys() - {"create_user", "list_users"}))
def test_unknown_user_is_refused(operation):
    with refused_unknown_user("00uNoSuchUser0000000"):
        OPERATIONS[operation](org, "00uNoSuchUser0000000")
