#!/usr/bin/env python3
"""What a provider signs, right and wrong, for resource servers to judge: metadata, keys and tokens by name, as JSON.

    lies.py ISSUER AUDIENCE

Run by the Python that scripts/install examples makes, which has joserfc."""

import base64
import hmac
import json
import sys
import time

from joserfc import jwk, jwt

ISSUER, AUDIENCE = sys.argv[1:]
NOW = int(time.time())
KEY = jwk.ECKey.generate_key("P-256", {"kid": "a", "use": "sig", "alg": "ES256"})
RSA = jwk.RSAKey.generate_key(2048, {"kid": "b", "use": "sig", "alg": "RS256"})
STRANGER = jwk.ECKey.generate_key("P-256", {"kid": "a", "use": "sig", "alg": "ES256"})
RIGHT = {"iss": ISSUER, "aud": [AUDIENCE], "sub": "ann", "client_id": "orders", "jti": "1", "iat": NOW,
         "exp": NOW + 300, "scope": "openid email"}


def signed(key=KEY, header=None, without=(), **claims):
    made = {name: value for name, value in {**RIGHT, **claims}.items() if name not in without}
    head = {"alg": key.alg, "kid": key.kid, "typ": "at+jwt", **(header or {})}
    return jwt.encode(head, made, key, algorithms=[key.alg])


def by_hand(algorithm, sign):
    parts = [json.dumps(part).encode() for part in ({"alg": algorithm, "kid": "a", "typ": "at+jwt"}, RIGHT)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    return (text + b"." + base64.urlsafe_b64encode(sign(text)).rstrip(b"=")).decode()


def by_what_is_public(text):
    """The public key, taken for a secret that both know (CVE-2015-9235)."""
    return hmac.digest(KEY.as_pem(private=False), text, "sha256")


TOKENS = {
    "good": signed(),
    "good, by the other key": signed(RSA),
    "good, with the long type": signed(header={"typ": "application/at+jwt"}),
    "good, for one audience": signed(aud=AUDIENCE),
    "good, for two audiences": signed(aud=["https://else.example", AUDIENCE]),
    "good, without a scope": signed(without=["scope"]),
    "good, of another scope": signed(scope="emails e"),
    "an ID token": signed(header={"typ": "JWT"}, aud=AUDIENCE, nonce="n"),
    "no type": jwt.encode({"alg": "ES256", "kid": "a"}, RIGHT, KEY),
    "another audience": signed(aud=["https://else.example"]),
    "an audience that begins like it": signed(aud=AUDIENCE + ".else.example"),
    "no audience": signed(without=["aud"]),
    "another issuer": signed(iss=ISSUER + "/else"),
    "no issuer": signed(without=["iss"]),
    "expired": signed(exp=NOW - 120, iat=NOW - 400),
    "no end": signed(without=["exp"]),
    "no subject": signed(without=["sub"]),
    "no client": signed(without=["client_id"]),
    "not yet": signed(nbf=NOW + 3600),
    "somebody else's key": signed(STRANGER),
    "a key that nobody knows": signed(header={"kid": "z"}, key=STRANGER),
    "unsigned": by_hand("none", lambda text: b""),
    "signed by what is public": by_hand("HS256", by_what_is_public),
    "no signature": signed().rsplit(".", 1)[0] + ".",
    "three parts of nonsense": "e30.e30.e30",
    "nonsense": "x",
}
KEYS = {"keys": [KEY.as_dict(private=False), RSA.as_dict(private=False)]}
METADATA = {"issuer": ISSUER, "jwks_uri": ISSUER + "/jwks", "authorization_endpoint": ISSUER + "/authorize",
            "token_endpoint": ISSUER + "/token", "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256", "RS256"]}
print(json.dumps({"metadata": METADATA, "jwks": KEYS, "tokens": TOKENS}))
