"""People who do, or have done to them, all that somebody is written to about, each story with a new person, whatever
becomes of the service meanwhile. What is not answered is asked again; a story that came to nothing, because what was
asked had been done before the service died, is given up, and another one begins."""

import base64
import collections
import http.client
import itertools
import json
import random
import threading
import time
import urllib.parse

from authenticator import code_of
from mailbox import code_in, token_in
from owed_mail import NOBODYS_LANGUAGE

PASSWORD = "violet tractors hum at noon"
OTHER_PASSWORD = "ochre ladders count the rain"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36"
AT_HOME, ABROAD, ELSEWHERE = "192.0.2.7", "198.51.100.7", "203.0.113.7"
PLACES = {"192.0.2.0/24": ("DE", "Berlin"), "198.51.100.0/24": ("AU", "Sydney")}
FAILURES_IN_A_ROW = 3
REQUEST_S, MAIL_S, PAUSE_S = 15, 4, 0.02
RESEND_S = 61  # not within a minute
OWES_LATE = {"registration.mail_asked"}  # what a short run does not come to
OF_PROVIDERS = {"registration.begun_by_provider"}  # of which there is none here: provider_registration_test (e2e)
CODES_USED = 7  # of ten: then three are left
ALERTS_TO, ALERTS = "operator@example.com", 4  # of a kind: six come at once, and some of those twice
ADMINISTRATOR_ROLE = "6b65796c-6564-8065-8072-6f6c65000001"
LOCKED = "Too many failed attempts to log in to your account"
REVOKER = ("revoker", "one lantern under each bridge")
SETTINGS = {
    "KEYLEDGER_EMAIL_VERIFICATION": "required", "KEYLEDGER_LOG_IN_BY_MAIL": "both",
    "KEYLEDGER_LOGIN_FAILURES_IN_A_ROW": str(FAILURES_IN_A_ROW), "KEYLEDGER_REFRESH_GRACE_SECONDS": "0",
    "KEYLEDGER_ERASURE_GRACE_HOURS": "1", "KEYLEDGER_ACCESS_TOKEN_SECONDS": "3600",
    "KEYLEDGER_TRUSTED_PROXIES": "127.0.0.0/8", "KEYLEDGER_MAIL_OPEN_RATE_PER_MINUTE": "1000000",
    "KEYLEDGER_LOGIN_NAME_BURST": "1000000", "KEYLEDGER_NETWORK_CONNECTIONS": "1000000",
    "KEYLEDGER_ALERTS_TO": ALERTS_TO,
}


class GivenUp(Exception):
    """What this story needed did not come about."""


class Person:
    def __init__(self, email, password=PASSWORD):
        self.email, self.password, self.id = email, password, None
        self.token = self.refresh_token = self.device = None
        self.last_mail = 0


class World:
    """What all stories share: the service, the mailbox, the administrator, and what was acknowledged."""

    def __init__(self, service, mailbox, administrator):
        self.service, self.mailbox, self.administrator = service, mailbox, administrator
        self.stop, self.lock = threading.Event(), threading.Lock()
        self.acknowledged = collections.Counter()  # by type of event
        self.told, self.given_up = collections.Counter(), collections.Counter()  # stories, by what they are about
        self.addresses = {}  # of user ids, in the order in which they wanted them
        self.alerts = collections.Counter()  # by type of event
        self.numbers = itertools.count(1)
        self.resendable = collections.deque()  # (from when on, handle)
        self.broken = None

    def acknowledge(self, event_type):
        with self.lock:
            self.acknowledged[event_type] += 1

    def may_alert(self, event_type):
        with self.lock:
            self.alerts[event_type] += 1
            return self.alerts[event_type] <= ALERTS

    def send(self, method, path, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=REQUEST_S)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def ask(self, method, path, body=None, token=None, wanted=(200, 201, 202, 204), event=None, **headers):
        """Body and header fields of the answer. `event`: the type of what is in the log once it is answered."""
        fields = {"X-Forwarded-For": AT_HOME, "User-Agent": FIREFOX, "Accept-Language": "en"}
        fields |= {name.replace("_", "-"): value for name, value in headers.items() if value}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        if body is not None and "Content-Type" not in fields:
            body, fields["Content-Type"] = json.dumps(body), "application/json"
        while not self.stop.is_set():
            try:
                status, got, text = self.send(method, path, body, fields)
            except (OSError, http.client.HTTPException):
                time.sleep(PAUSE_S)  # the service is not there: between two tries
                continue
            if status in (429, 503):  # of the installation, which takes so many registrations a minute
                self.stop.wait(PAUSE_S if status == 503 else 1)
                continue
            # Pages answer HTML.
            answer = json.loads(text) if text and "json" in (got["Content-Type"] or "") else {}
            if status not in wanted:
                raise GivenUp(f"{method} {path.replace('/users/', '/users|').split('|')[0]} {status}"
                              f" {answer.get('type', '')}")
            if event:
                self.acknowledge(event)
            return answer, got
        raise GivenUp("the end")

    def read_mail(self, person, what_is_wanted):
        """What `what_is_wanted` finds in one of their mails."""
        until = time.monotonic() + MAIL_S
        while time.monotonic() < until and not self.stop.is_set():
            for mail in self.mailbox.messages(person.email, person.last_mail, 1):
                person.last_mail = mail["id"]
                found = what_is_wanted(mail)
                if found:
                    return found
        raise GivenUp("the mail was not there in time")


# ---- what stories are made of ----------------------------------------------------------------------------------
def log_in(world, person, **headers):
    body = {"email": person.email, "password": person.password}
    answer, fields = world.ask("POST", "/api/v1/auth/login", body, **headers)
    person.token, person.refresh_token = answer["access_token"], answer["refresh_token"]
    person.device = fields["Keyledger-Device"]


def newcomer(world):
    """Registered by the code of a mail, and logged in."""
    person = Person(f"user{next(world.numbers)}@example.com")
    begun, _ = world.ask("POST", "/api/v1/auth/register", {"email": person.email, "password": person.password},
                         event="registration.begun")
    code = world.read_mail(person, code_in)
    proven, _ = world.ask("POST", "/api/v1/auth/verify-email", {"handle": begun["handle"], "code": code},
                          event="user.registered")
    person.id = proven["id"]
    with world.lock:
        world.addresses[person.id] = [person.email]
    log_in(world, person)
    return person


def as_administrator(world, method, path, body, event):
    root = world.administrator
    if root.token is None:
        log_in(world, root)
    return world.ask(method, path, body, root.token, event=event)[0]


def administer(world, method, person, act, body=None, event=None):
    return as_administrator(world, method, f"/api/v1/admin/users/{person.id}{act}", body, event)


def made_by_administrator(world, **how):
    """Whose address is not proven. What is shown of them, too."""
    person = Person(f"made{next(world.numbers)}@example.com")
    shown = as_administrator(world, "POST", "/api/v1/admin/users", {"email": person.email, **how}, "user.registered")
    person.id = shown["id"]
    with world.lock:
        world.addresses[person.id] = [person.email]
    return person, shown


def replace_password(world, person, given, password):
    world.ask("POST", "/api/v1/auth/replace-password", {
        "email": person.email, "password": given["one_time_password"], "new_password": password},
        event="user.password_changed")


def press_button(world, page, token, event):
    world.ask("POST", page, urllib.parse.urlencode({"token": token}), event=event,
              Content_Type="application/x-www-form-urlencoded")


def want_address(world, person, email):
    """The handle of what was asked."""
    with world.lock:
        world.addresses[person.id].append(email)
    return world.ask("POST", "/api/v1/auth/change-email", {"email": email, "current_password": person.password},
                     person.token, event="challenge.asked")[0]["handle"]


def change_address(world, person):
    """Whoever reads the mail of the address from before."""
    former, email = Person(person.email), f"moved{next(world.numbers)}@example.com"
    handle = want_address(world, person, email)
    person.email = email
    code = world.read_mail(person, code_in)
    world.ask("POST", "/api/v1/auth/change-email/confirm", {"handle": handle, "code": code}, person.token,
              event="user.email_changed")
    return former


def enrol(world, person):
    """Their seed, and the recovery codes."""
    secret, _ = world.ask("POST", "/api/v1/auth/mfa/enable", {"current_password": person.password}, person.token)
    shown, _ = world.ask("POST", "/api/v1/auth/mfa/verify", {"code": code_of(secret["secret"])}, person.token,
                         event="factor.enrolled")
    return secret["secret"], shown["recovery_codes"]


# ---- stories ---------------------------------------------------------------------------------------------------
def change_password(world):
    person = newcomer(world)
    world.ask("POST", "/api/v1/auth/change-password",
              {"current_password": person.password, "new_password": OTHER_PASSWORD}, person.token,
              event="user.password_changed")


def forget_password(world):
    person = newcomer(world)
    asked, _ = world.ask("POST", "/api/v1/auth/forgot-password", {"email": person.email}, event="challenge.asked")
    code = world.read_mail(person, lambda mail: token_in(mail, "/account/reset-password") and code_in(mail))
    world.ask("POST", "/api/v1/auth/reset-password",
              {"handle": asked["handle"], "code": code, "new_password": OTHER_PASSWORD}, event="user.password_reset")


def log_in_by_mail(world):
    person = newcomer(world)
    asked, _ = world.ask("POST", "/api/v1/auth/magic-link", {"email": person.email}, event="challenge.asked")
    token = world.read_mail(person, lambda mail: token_in(mail, "/account/log-in"))
    world.ask("POST", "/api/v1/auth/complete", {"handle": asked["handle"], "token": token})
    asked, _ = world.ask("POST", "/api/v1/auth/login-code", {"email": person.email}, event="challenge.asked")
    code = world.read_mail(person, code_in)
    world.ask("POST", "/api/v1/auth/complete", {"handle": asked["handle"], "code": code})


def ask_for_nobody(world):
    for what in ("forgot-password", "unlock", "magic-link", "login-code"):
        world.ask("POST", f"/api/v1/auth/{what}", {"email": f"nobody{next(world.numbers)}@example.com"},
                  event="challenge.asked", Accept_Language=NOBODYS_LANGUAGE)


def register_twice(world):
    person = newcomer(world)
    world.ask("POST", "/api/v1/auth/register", {"email": person.email, "password": OTHER_PASSWORD},
              event="registration.begun")


def ask_again(world):
    """Of somebody who registered a minute ago, and has not proven it."""
    begun, _ = world.ask("POST", "/api/v1/auth/register",
                         {"email": f"late{next(world.numbers)}@example.com", "password": PASSWORD},
                         event="registration.begun")
    world.resendable.append((time.monotonic() + RESEND_S, begun["handle"]))
    since, handle = world.resendable.popleft()
    if since > time.monotonic():
        world.resendable.appendleft((since, handle))
        return
    world.ask("POST", "/api/v1/auth/resend-otp", {"handle": handle}, event="registration.mail_asked")


def lock(world):
    person = newcomer(world)
    for _ in range(FAILURES_IN_A_ROW):
        world.ask("POST", "/api/v1/auth/login", {"email": person.email, "password": OTHER_PASSWORD},
                  wanted=(401,), X_Forwarded_For=ELSEWHERE, User_Agent=CHROME)
    # A failure is answered before it is recorded, and forgotten by a service that dies in between.
    world.read_mail(person, lambda mail: mail["subject"] == LOCKED)
    world.acknowledge("login.locked")
    return person


def lock_and_unlock(world):
    administer(world, "POST", lock(world), "/unlock", event="login.unlocked")


def lock_and_open_by_mail(world):
    person = lock(world)
    world.ask("POST", "/api/v1/auth/unlock", {"email": person.email}, event="challenge.asked")
    token = world.read_mail(person, lambda mail: token_in(mail, "/account/unlock"))
    press_button(world, "/account/unlock", token, "login.unlocked")


def disable_and_enable(world):
    person = newcomer(world)
    administer(world, "POST", person, "/deactivate", {"reason": "for a test"}, event="user.disabled")
    administer(world, "POST", person, "/activate", event="user.enabled")


def end_sessions(world):
    """By the administrator, which is told, and by themselves, which is not."""
    person = newcomer(world)
    administer(world, "DELETE", person, "/sessions", event="user.sessions_revoked")
    log_in(world, person)
    world.ask("POST", "/api/v1/auth/logout", {}, person.token)


def use_an_old_token(world):
    person = newcomer(world)
    first = token = person.refresh_token
    for _ in range(2):
        token = world.ask("POST", "/api/v1/auth/refresh", {"refresh_token": token})[0]["refresh_token"]
    world.ask("POST", "/api/v1/auth/refresh", {"refresh_token": first}, wanted=(400,), event="session.ended")


def have_a_token_revoked(world):
    person = newcomer(world)
    basic = base64.b64encode(":".join(REVOKER).encode()).decode()
    world.ask("POST", "/oauth2/revoke", urllib.parse.urlencode({"token": person.refresh_token}), event="session.ended",
              Content_Type="application/x-www-form-urlencoded", Authorization=f"Basic {basic}")


def leave_and_stay(world):
    person = newcomer(world)
    world.ask("DELETE", "/api/v1/auth/me", {"current_password": person.password}, person.token,
              event="user.erasure_requested")
    log_in(world, person)
    world.ask("DELETE", "/api/v1/auth/me/erasure", None, person.token, event="user.erasure_withdrawn")


def use_up_recovery_codes(world):
    person = newcomer(world)
    _, codes = enrol(world, person)
    for code in codes[:CODES_USED]:
        half, _ = world.ask("POST", "/api/v1/auth/login", {"email": person.email, "password": person.password},
                            wanted=(403,))
        world.ask("POST", "/api/v1/auth/verify-mfa", {"mfa_token": half["mfa_token"], "recovery_code": code},
                  event="factor.recovery_code_used")
    world.ask("POST", "/api/v1/auth/mfa/disable",
              {"current_password": person.password, "recovery_code": codes[CODES_USED]}, person.token,
              event="factor.removed")


def renew_recovery_codes(world):
    person = newcomer(world)
    _, codes = enrol(world, person)
    world.ask("POST", "/api/v1/auth/mfa/recovery-codes",
              {"current_password": person.password, "recovery_code": codes[0]}, person.token,
              event="factor.recovery_codes_made")


def get_the_app_back(world):
    """It was removed by a thief, who has a code."""
    person = newcomer(world)
    _, codes = enrol(world, person)
    world.ask("POST", "/api/v1/auth/mfa/disable", {"current_password": person.password, "recovery_code": codes[0]},
              person.token, event="factor.removed")
    token = world.read_mail(person, lambda mail: token_in(mail, "/account/undo"))
    press_button(world, "/account/undo", token, "user.second_factor_given_back")


def lose_the_app(world):
    person = newcomer(world)
    enrol(world, person)
    administer(world, "POST", person, "/reset-second-factor", event="factor.removed")


def be_given_a_password(world):
    person = newcomer(world)
    given = administer(world, "POST", person, "/one-time-password", {}, event="user.one_time_password_set")
    replace_password(world, person, given, OTHER_PASSWORD)


def be_recovered_at_the_machine(world):
    person = newcomer(world)
    if not world.may_alert("user.one_time_password_set"):
        return
    done = world.service.run("users", "recover", "--email", person.email, check=False)
    if done.returncode != 0:
        raise GivenUp(f"users recover: {done.stderr.strip()}")
    world.acknowledge("user.one_time_password_set")


def become_administrator(world):
    person = newcomer(world)
    if world.may_alert("administrators.joined"):
        administer(world, "PUT", person, f"/roles/{ADMINISTRATOR_ROLE}", event="administrators.joined")


def lose_the_account_and_get_it_back(world):
    """A thief, who adds a factor of theirs, and whoever reads the mail of the address from before."""
    person = newcomer(world)
    former = change_address(world, person)
    enrol(world, person)
    token = world.read_mail(former, lambda mail: token_in(mail, "/account/undo"))
    press_button(world, "/account/undo", token, "user.email_change_undone")


def move_from_an_unproven_address(world):
    """Which is told nothing."""
    person, given = made_by_administrator(world)
    replace_password(world, person, given, person.password)
    log_in(world, person)
    change_address(world, person)


def want_a_taken_address(world):
    want_address(world, newcomer(world), newcomer(world).email)


def accept_an_invitation(world):
    person, _ = made_by_administrator(world, invite=True)
    token = world.read_mail(person, lambda mail: token_in(mail, "/account/invitation"))
    world.ask("POST", "/api/v1/auth/accept-invitation", {"token": token, "new_password": PASSWORD},
              event="user.password_reset")


def confirm_an_address(world):
    person, _ = made_by_administrator(world)
    administer(world, "POST", person, "/send-verification", event="challenge.asked")
    token = world.read_mail(person, lambda mail: token_in(mail, "/account/confirm-address"))
    press_button(world, "/account/confirm-address", token, "user.email_verified")


def travel(world):
    """The device goes along to another country; then they use another one, elsewhere."""
    person = newcomer(world)
    log_in(world, person, X_Forwarded_For=ABROAD, Keyledger_Device=person.device)
    world.acknowledge("device.country_first_seen")
    log_in(world, person, X_Forwarded_For=ELSEWHERE, User_Agent=CHROME)
    world.acknowledge("device.first_seen")


STORIES = (change_password, forget_password, log_in_by_mail, ask_for_nobody, register_twice, ask_again,
           lock_and_unlock, lock_and_open_by_mail, disable_and_enable, end_sessions, use_an_old_token,
           have_a_token_revoked, leave_and_stay, use_up_recovery_codes, renew_recovery_codes, get_the_app_back,
           lose_the_app, be_given_a_password, travel, be_recovered_at_the_machine, become_administrator,
           lose_the_account_and_get_it_back, move_from_an_unproven_address, want_a_taken_address,
           accept_an_invitation, confirm_an_address)


class Storyteller(threading.Thread):
    """Goes through the stories in an order of its own until it is told to stop."""

    def __init__(self, world, number):
        super().__init__(name=f"storyteller-{number}")
        self.world, self.chance = world, random.Random(number)

    def run(self):
        try:
            while not self.world.stop.is_set():
                for story in self.chance.sample(STORIES, len(STORIES)):
                    self.tell(story)
        except Exception as fault:  # whoever waits for the load has to learn of it
            self.world.broken = fault
            self.world.stop.set()
            raise

    def tell(self, story):
        if self.world.stop.is_set():
            return
        came_to, about = self.world.told, story.__name__
        try:
            story(self.world)
        except GivenUp as why:
            came_to, about = self.world.given_up, f"{about}: {why}"
        with self.world.lock:
            came_to[about] += 1
