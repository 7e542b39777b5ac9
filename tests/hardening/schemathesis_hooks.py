"""How schemathesis calls the service. Schemas can't say who exists: every second valid request that names somebody gets
a user, a session, a password, a token that there is. At the endpoints for clients it calls as one, at those for
administrators as one, and else as a person of its own."""

import base64
import itertools
import json
import os
import urllib.request

import schemathesis
from schemathesis import GenerationMode

URL = os.environ["SCHEMATHESIS_TARGET"]
ADMINISTRATOR = {"email": os.environ["SCHEMATHESIS_USER"], "password": os.environ["SCHEMATHESIS_PASSWORD"]}
CLIENT = base64.b64encode(os.environ["SCHEMATHESIS_CLIENT"].encode()).decode()
PASSWORD = "violet engines under seven moons"
NEW_PASSWORD = "a kettle of quiet blue herons"
PUBLIC_KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
QUESTION = {"action": {"name": "read"}, "resource": {"type": "invoices", "id": "42"}}

numbers = itertools.count(1)
turns = itertools.count()


def call(path, body=None, token=None, method=None):
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return None if answer.status == 204 else json.load(answer)


def log_in(credentials):
    return call("/api/v1/auth/login", credentials)


def profile():
    return {"username": f"person{next(numbers)}", "name": "Ann Example"}


def role():
    return {"name": f"role-{next(numbers)}", "permissions": ["invoices:read"], "deny": []}


def group():
    return {"name": f"group-{next(numbers)}"}


def application():
    return {
        "name": f"application-{next(numbers)}", "grant_types": ["authorization_code"], "scopes": ["openid"],
        "audiences": [], "redirect_uris": ["https://orders.example/callback"], "post_logout_redirect_uris": [],
    }


class Person:
    """Registered for one case and logged in: whatever the case does to them, the next meets another."""

    def __init__(self):
        self.credentials = {"email": f"person-{next(numbers)}@example.com", "password": PASSWORD}
        self.id = call("/api/v1/auth/register", self.credentials)["id"]
        tokens = log_in(self.credentials)
        self.token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]

    def session(self):
        claims = self.token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sid"]


class Administrator:
    """Their own account is not to be touched by what they are told to do, so one token lasts."""

    def __init__(self):
        self.token_ = None

    def token(self):
        self.token_ = self.token_ or log_in(ADMINISTRATOR)["access_token"]
        return self.token_

    def role(self):
        return call("/api/v1/admin/roles", role(), self.token())["id"]

    def group(self):
        return call("/api/v1/admin/groups", group(), self.token())["id"]

    def service_account(self):
        body = {"name": f"service-{next(numbers)}", "audiences": []}
        return call("/api/v1/admin/service-accounts", body, self.token())["id"]

    def secret(self, owner):
        return call(f"/api/v1/admin/{owner}/secrets", {}, self.token())

    def key(self, owner):
        return call(f"/api/v1/admin/{owner}/keys", PUBLIC_KEY, self.token())

    def application(self):
        return call("/api/v1/admin/applications", application(), self.token())["id"]

    def client(self):
        """Names a service account that holds something, and proves to be it."""
        account = self.service_account()
        call(f"/api/v1/admin/service-accounts/{account}/roles/{self.role()}", None, self.token(), "PUT")
        return {"client_id": account, "client_secret": self.secret(f"service-accounts/{account}")["client_secret"]}


ADMIN = Administrator()
BODIES = {
    "registerUser": lambda _: {"email": f"person-{next(numbers)}@example.com", "password": PASSWORD},
    "logIn": lambda person: dict(person.credentials),
    "refresh": lambda person: {"refresh_token": person.refresh_token},
    "changePassword": lambda person: {"current_password": PASSWORD, "new_password": NEW_PASSWORD},
    "eraseMe": lambda person: {"current_password": PASSWORD},
    "introspect": lambda person: {"token": person.token},
    "revoke": lambda person: {"token": person.refresh_token},
    "evaluate": lambda person: {**QUESTION, "subject": {"type": "user", "id": person.id}},
    "searchSubjects": lambda _: {**QUESTION, "subject": {"type": "user"}},
    "searchResources": lambda person: {**QUESTION, "subject": {"type": "user", "id": person.id}},
    "searchActions": lambda person: {
        "resource": QUESTION["resource"], "subject": {"type": "user", "id": person.id},
    },
    "updateMe": lambda _: profile(),
    "updateUser": lambda _: profile(),
    "defineRole": lambda _: role(),
    "changeRole": lambda _: role(),
    "defineGroup": lambda _: group(),
    "renameGroup": lambda _: group(),
    "registerServiceAccount": lambda _: {"name": f"service-{next(numbers)}", "audiences": ["https://orders.example"]},
    "changeServiceAccount": lambda _: {"name": f"service-{next(numbers)}", "audiences": [], "status": "disabled"},
    "addServiceAccountKey": lambda _: dict(PUBLIC_KEY),
    "registerApplication": lambda _: application(),
    "changeApplication": lambda _: {**application(), "status": "disabled"},
    "addApplicationKey": lambda _: dict(PUBLIC_KEY),
    "token": lambda _: {"grant_type": "client_credentials", **ADMIN.client()},
    "evaluateAll": lambda person: {**QUESTION, "evaluations": [{"subject": {"type": "user", "id": person.id}}]},
}


# By the name of the parameter, or what the path is about where that is `id`.
MADE = {
    "role": lambda _: ADMIN.role(),
    "roles": lambda _: ADMIN.role(),
    "child": lambda _: ADMIN.group(),
    "groups": lambda _: ADMIN.group(),
    "service-accounts": lambda _: ADMIN.service_account(),
    "account": lambda _: ADMIN.service_account(),
    "applications": lambda _: ADMIN.application(),
    "user": lambda person: person.id,
    "users": lambda person: person.id,
    "sessions": lambda person: person.session(),
}


def path_parameters(case, person):
    parts = case.operation.path.split("/")
    made = {}
    for name in case.path_parameters or {}:
        about = parts[parts.index("{id}") - 1] if name == "id" else name
        if about in MADE:
            made[name] = MADE[about](person)
    for name, make in (("secret", ADMIN.secret), ("key", ADMIN.key)):
        if name in case.path_parameters:
            made[name] = make(f"{parts[parts.index('{id}') - 1]}/{made['id']}")["id"]
    case.path_parameters.update(made)


def is_valid(case):
    return case.meta is None or case.meta.generation.mode == GenerationMode.POSITIVE


@schemathesis.hook
def before_call(_context, case, _kwargs):
    operation = case.operation.definition.raw.get("operationId")
    names = set(case.path_parameters or {}) | {"cursor"} & set(case.query or {})
    if not is_valid(case) or not (names or operation in BODIES) or next(turns) % 2:
        return
    person = Person()
    if case.path_parameters:
        path_parameters(case, person)
    if operation in BODIES:
        case.body = BODIES[operation](person)
    if operation == "token":  # one way of authentication at a time
        (case.headers or {}).pop("Authorization", None)
    (case.query or {}).pop("cursor", None)  # of a page that was never shown
    if (case.headers or {}).get("Authorization", "").startswith("Bearer ") and not is_admin(case):
        case.headers["Authorization"] = f"Bearer {person.token}"


def is_admin(case):
    return case.operation.path.startswith("/api/v1/admin/")


@schemathesis.hook
def filter_case(_context, case):
    """HTTP lets everybody add headers: one that nobody knows makes no request invalid."""
    return "x-schemathesis-unknown-property" not in (case.headers or {})


@schemathesis.auth(refresh_interval=None)
class Caller:
    def get(self, case, _context):
        schemes = [name for scheme in case.operation.definition.raw.get("security", []) for name in scheme]
        if "client" in schemes:
            return f"Basic {CLIENT}"
        if "bearer" in schemes:
            return f"Bearer {ADMIN.token() if is_admin(case) else Person().token}"
        return None

    def set(self, case, data, _context):
        case.headers["Authorization"] = data
