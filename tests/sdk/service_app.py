"""Makes an OAuth client that may do what the suites do, and prints its client id.

    service_app.py KEY.pem [--dpop]      with OKTA_CLIENT_ORGURL and OKTA_CLIENT_TOKEN in the environment

KEY.pem is an RSA key (`openssl genpkey -algorithm RSA`); the client proves itself with it.
"""

import base64
import json
import os
import subprocess
import sys
import urllib.request

SCOPES = os.environ["ROSTER_SDK_SCOPES"].split()


def send(path, body):
    request = urllib.request.Request(
        os.environ["OKTA_CLIENT_ORGURL"] + path,
        json.dumps(body).encode(),
        {"Authorization": "SSWS " + os.environ["OKTA_CLIENT_TOKEN"], "Content-Type": "application/json"},
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        return json.load(answer)


def public_jwk(pem):
    printed = subprocess.run(
        ["openssl", "rsa", "-in", pem, "-noout", "-modulus"], check=True, capture_output=True, text=True
    )
    modulus = bytes.fromhex(printed.stdout.strip().removeprefix("Modulus="))
    return {"kty": "RSA", "e": "AQAB", "n": base64.urlsafe_b64encode(modulus).decode().rstrip("=")}


def main(pem, *options):
    app = send(
        "/api/v1/apps",
        {
            "name": "oidc_client",
            "label": "SDK suites" + "".join(options),
            "signOnMode": "OPENID_CONNECT",
            "credentials": {"oauthClient": {"token_endpoint_auth_method": "private_key_jwt"}},
            "settings": {
                "oauthClient": {
                    "application_type": "service",
                    "grant_types": ["client_credentials"],
                    "response_types": ["token"],
                    "dpop_bound_access_tokens": "--dpop" in options,
                    "jwks": {"keys": [public_jwk(pem)]},
                }
            },
        },
    )
    for scope in SCOPES:
        send(f"/api/v1/apps/{app['id']}/grants", {"issuer": os.environ["OKTA_CLIENT_ORGURL"], "scopeId": scope})
    print(app["credentials"]["oauthClient"]["client_id"])


main(*sys.argv[1:])
