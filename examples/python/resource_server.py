#!/usr/bin/env python3
"""A resource server: an API that takes access tokens of Keyledger's, as RFC 9068 says, and answers as RFC 6750 does.

    ISSUER=https://accounts.example AUDIENCE=https://orders.example python3 resource_server.py

GET /orders is for every application that may ask for AUDIENCE, GET /invoices for those whose user let them see the
e-mail address. PORT is 8003 unless it is set."""

import os
import sys
import threading
import time

import requests
from authlib.integrations.flask_oauth2 import ResourceProtector, current_token
from authlib.oauth2.rfc6749 import MissingAuthorizationError
from authlib.oauth2.rfc6750 import InsufficientScopeError, InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from flask import Flask, abort, jsonify, make_response
from joserfc.jwk import KeySet

ISSUER, AUDIENCE = os.environ["ISSUER"], os.environ["AUDIENCE"]
KEPT_SECONDS = 300  # keys; new ones are published long before anything is signed with them


class Keys:
    """What signs tokens, read once and again when it is old."""

    def __init__(self):
        metadata = requests.get(ISSUER + "/.well-known/openid-configuration", timeout=5).json()
        if metadata["issuer"] != ISSUER:
            sys.exit(f"{ISSUER} says that it is {metadata['issuer']}")
        self.uri, self.lock, self.read_at, self.keys = metadata["jwks_uri"], threading.Lock(), None, None

    def get(self):
        with self.lock:
            if self.read_at is None or time.monotonic() - self.read_at > KEPT_SECONDS:
                self.keys = KeySet.import_key_set(requests.get(self.uri, timeout=5).json())
                self.read_at = time.monotonic()
            return self.keys


class Validator(JWTBearerTokenValidator):
    keys = Keys()

    def get_jwks(self):
        return self.keys.get()

    def authenticate_token(self, token_string):
        token = super().authenticate_token(token_string)
        if str(token.header.get("typ", "")).lower() not in ("at+jwt", "application/at+jwt"):
            raise InvalidTokenError()  # no ID token, and no other JWT that Keyledger signs
        return token


class Protector(ResourceProtector):
    def raise_error_response(self, error):
        """With a challenge for every refusal, which says no more than that a token is needed where there was none."""
        challenge = f'Bearer realm="{AUDIENCE}"'
        if not isinstance(error, MissingAuthorizationError):
            challenge += f', error="{error.error}"'
        if isinstance(error, InsufficientScopeError):
            challenge += ', scope="email"'
        answer = make_response(jsonify(error=error.error), error.status_code)
        answer.headers["WWW-Authenticate"] = challenge
        abort(answer)


app = Flask(__name__)
protected = Protector()
protected.register_token_validator(Validator(ISSUER, AUDIENCE))


@app.get("/orders")
@protected()
def orders():
    return jsonify(orders=["a violin"], of=current_token["sub"], asked_by=current_token["client_id"])


@app.get("/invoices")
@protected("email")
def invoices():
    return jsonify(invoices=[], of=current_token["sub"])


if __name__ == "__main__":
    app.run("127.0.0.1", int(os.environ.get("PORT", "8003")))  # for development; behind gunicorn in production
