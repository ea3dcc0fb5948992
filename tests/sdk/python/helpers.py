"""What every suite needs: the org as the installed SDK sees it, fixtures, and assertions on users and errors.

The org under test is named by the SDKs' own variables, OKTA_CLIENT_ORGURL and OKTA_CLIENT_TOKEN. Whether this drives
okta 2.x or 3.x depends on the environment it runs in: `Org` calls either by the operation's name in the API's document.
"""

import asyncio
import itertools
import json
import os
import re
import secrets
import time
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version

import pytest
from okta.client import Client

SDK = int(version("okta").split(".")[0])
ORG_URL = os.environ["OKTA_CLIENT_ORGURL"]
# With these the tests run as an OAuth client instead of an API token's owner (see run.sh).
CLIENT_ID = os.environ.get("ROSTER_SDK_CLIENT_ID")

PASSWORD = "Abcd1234#@"
OTHER_PASSWORD = "Wxyz9876#@"
THIRD_PASSWORD = "Qrst4567#@"
QUESTION = {"question": "Who wrote the first program?", "answer": "Countess Ada"}
POLICY = (
    "Password requirements were not met. Password requirements: at least 8 characters, "
    "a lowercase letter, an uppercase letter, a number"
)

# Operations that the SDK calls something else. For 3.x, the model of a request's body too. 2.x has no methods for two
# paths, but sends their bodies to older ones, which are names of their own here.
if SDK == 3:
    from okta import models
    from okta.pagination import paginate_pages

    RENAMED = {
        "partial_update_user": "update_user",
        "update_user": "replace_user",
        "deactivate_or_delete_user": "delete_user",
        "clear_user_sessions": "revoke_user_sessions",
        "create_group": "add_group",
        "update_group": "replace_group",
        "add_user_to_group": "assign_user_to_group",
        "remove_user_from_group": "unassign_user_from_group",
        "update_group_rule": "replace_group_rule",
        "add_linked_object_definition": "create_linked_object_definition",
        "set_linked_object_for_user": "assign_linked_object_value_for_primary",
        "get_linked_objects_for_user": "list_linked_objects_for_user",
        "remove_linked_object_for_user": "delete_linked_object_for_user",
    }
    BODIES = {
        "create_user": models.CreateUserRequest,
        "partial_update_user": models.UpdateUserRequest,
        "update_user": models.UpdateUserRequest,
        "change_password": models.ChangePasswordRequest,
        "change_recovery_question": models.UserCredentials,
        "forgot_password_set_new_password": models.UserCredentials,
        "create_group": models.AddGroupRequest,
        "update_group": models.AddGroupRequest,
        "create_group_rule": models.CreateGroupRuleRequest,
        "update_group_rule": models.GroupRule,
        "assign_group_owner": models.AssignGroupOwnerRequestBody,
        "update_user_profile": models.UserSchema,
        "create_user_type": models.UserType,
        "replace_user_type": models.UserTypePutRequest,
        "add_linked_object_definition": models.LinkedObject,
        "assign_role_to_user": models.AssignRoleToUserRequest,
        "create_application": models.Application,
        "assign_user_to_application": models.AppUserAssignRequest,
        "create_identity_provider": models.IdentityProvider,
    }
else:
    from okta.api_client import APIClient
    from okta.models import TempPassword, UserCredentials

    RENAMED = {
        "forgot_password": "forgot_password_generate_one_time_token",
        "forgot_password_with_answer": "forgot_password_set_new_password",
        "expire_password_with_temp_password_true": "expire_password_and_get_temporary_password",
    }


class Refused(Exception):
    """The org's error answer, as the SDK reports it."""

    def __init__(self, error):
        super().__init__(error.message)
        self.error = error


class Org:
    """`org.suspend_user(id)` calls the operation suspendUser through the SDK and answers what the SDK made of the
    reply; query parameters are keywords in snake case, a request's body is the last positional argument."""

    def __init__(self, token=None):
        if token or not CLIENT_ID:
            caller = {"token": token or os.environ["OKTA_CLIENT_TOKEN"]}
        else:
            with open(os.environ["ROSTER_SDK_KEY"]) as key:
                caller = {
                    "authorizationMode": "PrivateKey",
                    "clientId": CLIENT_ID,
                    "scopes": os.environ["ROSTER_SDK_SCOPES"].split(),
                    "privateKey": key.read(),
                }
            if "ROSTER_SDK_DPOP" in os.environ:
                caller["dpopEnabled"] = True
        self._client = Client({"orgUrl": ORG_URL, **caller})

    def __getattr__(self, operation):
        return partial(self._call, operation)

    def _call(self, operation, *arguments, **query):
        method = getattr(self._client, RENAMED.get(operation, operation))
        if SDK == 2:
            query = {"query_params": {camel_case(name): value for name, value in query.items()}} if query else {}
        elif operation in BODIES:
            *arguments, body = arguments
            arguments.append(BODIES[operation].from_dict(body if isinstance(body, dict) else body.to_dict()))
        return checked(asyncio.run(method(*arguments, **query)))

    def expire_password_and_get_temporary_password(self, user_id):
        """Answers the password. 3.x takes the reply for a user and loses it: there it is read off the raw reply."""
        if SDK == 2:
            path = f"{user_id}/lifecycle/expire_password_with_temp_password"
            return self._post_2(path, {}, TempPassword).temp_password
        reply = asyncio.run(self._client.expire_password_with_temp_password(user_id))
        checked(reply)
        return json.loads(reply[1].raw_data)["tempPassword"]

    def forgot_password_set_new_password(self, user_id, body):
        if SDK == 2:
            return self._post_2(f"{user_id}/credentials/forgot_password_recovery_question", body, UserCredentials)
        return self._call("forgot_password_set_new_password", user_id, body)

    def _post_2(self, path, body, model):
        """What the methods of 2.x do, for a path that it has no method for."""

        async def post():
            executor = self._client.get_request_executor()
            headers = {"Accept": "application/json", "Content-Type": "application/json"}
            request, _ = await executor.create_request("POST", f"/api/v1/users/{path}", body, headers)
            return await executor.execute(request, model)

        return model(APIClient.form_response_body(checked(asyncio.run(post())).get_body()))

    def pages(self, **query):
        """All pages of listUsers, by the SDK's own pagination."""
        return asyncio.run(self._pages_2(query) if SDK == 2 else self._pages_3(query))

    async def _pages_2(self, query):
        users, response, error = await self._client.list_users({camel_case(name): query[name] for name in query})
        checked((None, error))
        pages = [users]
        while response.has_next():
            users, error = await response.next()
            checked((None, error))
            pages.append(users)
        return pages

    async def _pages_3(self, query):
        return [page async for page, _, _ in paginate_pages(self._client.list_users, **query)]


def checked(reply):
    """The SDKs answer (result, response, error) or (response, error)."""
    result, error = reply[0], reply[-1]
    if error is None:
        return result
    if hasattr(error, "error_code"):
        raise Refused(error)
    raise AssertionError(f"the SDK could not read the reply: {error!r}")


def camel_case(name):
    return re.sub("_(.)", lambda match: match[1].upper(), name)


org = Org()

_run = secrets.token_hex(4)
_serial = itertools.count(1)


def unique(name):
    """A name that nothing else in the org has, so that runs and suites may share an org."""
    return f"{name}-{_run}-{next(_serial)}"


def new_profile(**attributes):
    login = f"{unique('user')}@ada.example"
    return {"firstName": "Ada", "lastName": "Lovelace", "login": login, "email": login, **attributes}


def password(value):
    return {"password": {"value": value}}


def staged(credentials=None):
    body = {"profile": new_profile(), **({"credentials": credentials} if credentials else {})}
    return org.create_user(body, activate=False)


def provisioned():
    return org.create_user({"profile": new_profile()})


def active(**credentials):
    return org.create_user({"profile": new_profile(), "credentials": {**password(PASSWORD), **credentials}})


def suspended():
    user = active()
    org.suspend_user(user.id)
    return org.get_user(user.id)


def deprovisioned():
    user = active()
    org.deactivate_user(user.id)
    return org.get_user(user.id)


def change_password(user_id, old, new, client=org, **query):
    return client.change_password(user_id, {"oldPassword": {"value": old}, "newPassword": {"value": new}}, **query)


# The 25 operations, each with a request that is well formed but for the user, who need not exist.
OPERATIONS = {
    "create_user": lambda org, _: org.create_user({"profile": new_profile()}),
    "list_users": lambda org, _: org.list_users(limit=1),
    "get_user": lambda org, user_id: org.get_user(user_id),
    "partial_update_user": lambda org, user_id: org.partial_update_user(user_id, {"profile": {"city": "London"}}),
    "update_user": lambda org, user_id: org.update_user(user_id, {"profile": new_profile()}),
    "deactivate_or_delete_user": lambda org, user_id: org.deactivate_or_delete_user(user_id),
    "activate_user": lambda org, user_id: org.activate_user(user_id, send_email=False),
    "reactivate_user": lambda org, user_id: org.reactivate_user(user_id, send_email=False),
    "deactivate_user": lambda org, user_id: org.deactivate_user(user_id),
    "suspend_user": lambda org, user_id: org.suspend_user(user_id),
    "unsuspend_user": lambda org, user_id: org.unsuspend_user(user_id),
    "unlock_user": lambda org, user_id: org.unlock_user(user_id),
    "expire_password": lambda org, user_id: org.expire_password(user_id),
    "expire_password_and_get_temporary_password": lambda org, user_id: (
        org.expire_password_and_get_temporary_password(user_id)
    ),
    "reset_password": lambda org, user_id: org.reset_password(user_id, send_email=False),
    "reset_factors": lambda org, user_id: org.reset_factors(user_id),
    "change_password": lambda org, user_id: change_password(user_id, PASSWORD, OTHER_PASSWORD, client=org),
    "change_recovery_question": lambda org, user_id: org.change_recovery_question(
        user_id, {**password(PASSWORD), "recovery_question": QUESTION}
    ),
    "forgot_password": lambda org, user_id: org.forgot_password(user_id, send_email=False),
    "forgot_password_set_new_password": lambda org, user_id: org.forgot_password_set_new_password(
        user_id, {**password(OTHER_PASSWORD), "recovery_question": {"answer": QUESTION["answer"]}}
    ),
    "clear_user_sessions": lambda org, user_id: org.clear_user_sessions(user_id),
    "list_user_groups": lambda org, user_id: org.list_user_groups(user_id),
    "list_user_identity_providers": lambda org, user_id: org.list_user_identity_providers(user_id),
    "list_app_links": lambda org, user_id: org.list_app_links(user_id),
    "list_user_clients": lambda org, user_id: org.list_user_clients(user_id),
}


def next_second():
    """User timestamps are whole seconds: a test that must see one move lets every clock enter the next."""
    time.sleep(1.02 - time.time() % 1)


@contextmanager
def refused(status, code, summary, causes=None):
    """The org refuses what the block does. `causes` are exact texts or patterns; none are compared without it."""
    with pytest.raises(Refused) as caught:
        yield
    error = caught.value.error
    assert (error.status, error.error_code, error.error_summary) == (status, code, summary), error.message
    assert error.error_link == code
    assert re.fullmatch(r"oae[\w-]{22}", error.error_id)
    if causes is not None:
        texts = [cause["errorSummary"] for cause in error.error_causes]
        assert len(texts) == len(causes), texts
        for text, cause in zip(texts, causes):
            assert cause.match(text) if isinstance(cause, re.Pattern) else text == cause, text


def refused_unknown_user(name):
    return refused(404, "E0000007", f"Not found: Resource not found: {name} (User)", [])


def refused_invalid(subject, causes=None):
    return refused(400, "E0000001", f"Api validation failed: {subject}", causes)


def refused_status():
    return refused(403, "E0000038", "This operation is not allowed in the user's current status.", [])


def refused_credentials(cause):
    return refused(403, "E0000014", "Update of credentials failed", [cause])


ACTIVE_LINKS = {
    "suspend", "resetPassword", "forgotPassword", "expirePassword", "changeRecoveryQuestion", "changePassword",
    "deactivate",
}
LINKS = {
    "STAGED": {"activate"},
    "PROVISIONED": {"suspend", "resetPassword", "reactivate", "deactivate"},
    "ACTIVE": ACTIVE_LINKS,
    "PASSWORD_EXPIRED": ACTIVE_LINKS,
    "SUSPENDED": {"unsuspend", "deactivate"},
    "DEPROVISIONED": {"activate"},
}


def links(user):
    found = user.links if SDK == 2 else user.links.model_dump(by_alias=True, exclude_none=True)
    return {rel: link["href"] for rel, link in found.items()}


def assert_status(user, status):
    """The user is in `status` and offers exactly the operations of that status. Not compared: resetFactors, which
    orgs differ in, and delete, which okta 3.x drops."""
    assert user.status == status
    offered = links(user)
    assert offered["self"] == f"{ORG_URL}/api/v1/users/{user.id}"
    assert offered.keys() - {"self", "schema", "type", "resetFactors", "delete"} == LINKS[status]


def assert_password(user_id, value):
    """The password is the user's: it, and only it, lets the user change it."""
    with refused_credentials("Old Password is not correct"):
        change_password(user_id, f"{value}x", THIRD_PASSWORD)
    change_password(user_id, value, THIRD_PASSWORD)


def assert_same(one, other):
    """The models of 2.x have no equality; their text shows every attribute."""
    assert repr(one) == repr(other)


def group_profile(group):
    return group.profile if SDK == 2 else group.profile.actual_instance


def provider(user):
    return (user.credentials.provider.type, user.credentials.provider.name)
