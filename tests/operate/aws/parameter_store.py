#!/usr/bin/env python3
"""Settings from AWS Systems Manager Parameter Store, against moto's server, which checks every signature.

Scenario. moto keeps settings as SecureStrings below a path, more than one page of them, and knows a user and a role
that may read these, and a user who may not. `config check` reads them with the user's keys (from the environment, and
from a file), with the role's by a container's endpoint, and with the role's by an instance's metadata service that
takes version 2 alone; each value's place is told and no value is. Wrong keys, a user who may not, an empty path and a
server that is away are told with what to do. Then a node serves with the role's keys; its log level changes with a
parameter and a SIGHUP, and when AWS is away at the next one, the node goes on as it was and says so.

Needs what `scripts/install aws` gets."""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = HERE / ".venv/bin/python3"  # with what requirements.txt names
if pathlib.Path(sys.prefix) != PYTHON.parents[1] and PYTHON.exists():
    sys.exit(subprocess.call([PYTHON, "-B", *sys.argv]))
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "fault")]
import boto3  # noqa: E402 pylint: disable=wrong-import-position
from reloading import SECONDS, check_of_reload, metric, reload  # noqa: E402 pylint: disable=wrong-import-position
from scenario import arguments, free_port, run_scenario  # noqa: E402 pylint: disable=wrong-import-position
from servers import awaits  # noqa: E402 pylint: disable=wrong-import-position

REGION = "eu-central-1"
PREFIX = "/keyledger/prod"
MAY_READ = {"Effect": "Allow", "Action": "ssm:GetParametersByPath", "Resource": "*"}
MAY_ASSUME = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
# Besides the database's URL: more than the ten of a page.
SETTINGS = {
    "KEYLEDGER_SMTP_PASSWORD": "hunter2-of-the-mail", "KEYLEDGER_IO_THREADS": "1", "KEYLEDGER_APPEND_BATCH": "256",
    "KEYLEDGER_HASH_QUEUE": "64", "KEYLEDGER_PASSWORD_MIN_LENGTH": "15", "KEYLEDGER_STEP_UP_SECONDS": "300",
    "KEYLEDGER_SESSIONS_AT_ONCE": "0", "KEYLEDGER_AUTHZEN_OWNER": "owner", "KEYLEDGER_TREE_HEAD_SECONDS": "5",
    "KEYLEDGER_LOGIN_PAUSE_SECONDS": "900", "KEYLEDGER_MAIL_FROM_NAME": "Keyledger", "KEYLEDGER_LOG_LEVEL": "info",
}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Moto:
    """Stands for AWS. From `guard()` on it refuses what is not signed by a user or role that may."""

    def __init__(self, work):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = open(work / "moto.log", "ab")
        self.process = subprocess.Popen([PYTHON.with_name("moto_server"), "-H", "127.0.0.1", "-p", str(self.port)],
                                        stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        awaits(SECONDS, self.answers, "moto's server")

    def answers(self):
        try:
            with urllib.request.urlopen(self.url + "/moto-api/", timeout=2):
                return True
        except OSError:
            return False

    def client(self, service):
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, aws_access_key_id="setup",
                            aws_secret_access_key="setup")

    def guard(self, after="0"):
        request = urllib.request.Request(self.url + "/moto-api/reset-auth", after.encode(),
                                         {"Content-Type": "text/plain"}, method="POST")
        urllib.request.urlopen(request, timeout=10).close()

    def put(self, name, value):
        self.guard("inf")
        self.client("ssm").put_parameter(Name=f"{PREFIX}/{name}", Value=value, Type="SecureString", Overwrite=True)
        self.guard()

    def user(self, name, *statements):
        """Its keys."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": made["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"]}

    def role(self, name):
        """What a container or an instance with it is told."""
        iam = self.client("iam")
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(MAY_ASSUME))["Role"]
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(MAY_READ))
        keys = self.client("sts").assume_role(RoleArn=made["Arn"], RoleSessionName="node")["Credentials"]
        return {"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": keys["AccessKeyId"],
                "SecretAccessKey": keys["SecretAccessKey"], "Token": keys["SessionToken"]}

    def stop(self):
        self.process.kill()
        self.process.wait()


class Metadata(http.server.BaseHTTPRequestHandler):
    """What an instance asks (version 2 alone: without a token there is nothing), and a container of EKS."""

    role = {}
    asked = []

    def answer(self, status, text):
        self.asked.append(f"{self.command} {self.path}")
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):  # pylint: disable=invalid-name
        wanted = self.path == "/latest/api/token" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"]
        self.answer(200 if wanted else 400, "a-token" if wanted else "")

    def do_GET(self):  # pylint: disable=invalid-name
        roles = "/latest/meta-data/iam/security-credentials/"
        if self.path == "/v1/credentials" and self.headers["Authorization"] == "pod-token":
            self.answer(200, json.dumps(self.role))
        elif self.headers["X-aws-ec2-metadata-token"] != "a-token":
            self.answer(401, "")
        elif self.path == roles:
            self.answer(200, "node-role")
        elif self.path == roles + "node-role":
            self.answer(200, json.dumps(self.role))
        else:
            self.answer(404, "")

    def log_message(self, *_arguments):  # pylint: disable=arguments-differ
        pass


class Checks:
    """`config check` with other surroundings each time."""

    def __init__(self, service, expect, secrets):
        self.service, self.expect, self.secrets = service, expect, secrets

    def run(self, more):
        environment = {**self.service.environment, **more}
        done = subprocess.run([self.service.binary, "config", "check"], env=environment, capture_output=True, text=True,
                              check=False)
        told = [text for text in self.secrets if text in done.stdout + done.stderr]
        if told:
            self.expect("secrets that config check tells", told, [])
        return done

    def is_good(self, what, more):
        done = self.run(more)
        place = f"  # parameter below '{PREFIX}' in {REGION}\n"
        lines = [name for name in ("KEYLEDGER_DATABASE_URL", *SETTINGS) if f"{name}=********{place}" in done.stdout]
        self.expect(what, (done.returncode, len(lines), done.stderr), (0, len(SETTINGS) + 1, ""))

    def is_refused(self, what, said, more):
        done = self.run(more)
        self.expect(what, (done.returncode, said in done.stderr, done.stderr if said not in done.stderr else ""),
                    (2, True, ""))


def secret_file(path, text):
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return str(path)


def look_at_all_ways(checks, moto, metadata, keys, work):
    reader, stranger = keys
    container = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": metadata + "/v1/credentials"}
    instance = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata}
    checks.is_good("with a user's keys", reader)
    checks.is_good("with a key in a file", {"AWS_ACCESS_KEY_ID": reader["AWS_ACCESS_KEY_ID"],
                   "AWS_SECRET_ACCESS_KEY_FILE": secret_file(work / "key", reader["AWS_SECRET_ACCESS_KEY"] + "\n")})
    checks.is_good("with a container's role", {**container, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE":
                                               secret_file(work / "pod-token", "pod-token\n")})
    checks.is_good("with an instance's role", instance)
    checks.expect("the instance was asked by a token",
                  Metadata.asked[-3:], ["PUT /latest/api/token", "GET /latest/meta-data/iam/security-credentials/",
                                        "GET /latest/meta-data/iam/security-credentials/node-role"])
    check = "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"
    checks.is_refused("a wrong key", check, {**reader, "AWS_SECRET_ACCESS_KEY": "wrong"})
    checks.is_refused("unknown keys", check, {"AWS_ACCESS_KEY_ID": "AKIANOBODY", "AWS_SECRET_ACCESS_KEY": "wrong"})
    checks.is_refused("a user who may not",
                      f"allow ssm:GetParametersByPath on arn:aws:ssm:{REGION}:*:parameter{PREFIX}", stranger)
    checks.is_refused("no keys", "no AWS credentials were found: set AWS_ACCESS_KEY_ID",
                      {"AWS_EC2_METADATA_DISABLED": "true"})
    checks.is_refused("half of them", "go together", {"AWS_ACCESS_KEY_ID": "AKIA"})
    checks.is_refused("an empty path", "no parameter directly below '/nowhere'",
                      {**reader, "KEYLEDGER_SSM_PREFIX": "/nowhere"})
    checks.is_refused("a server that is away", "could not be asked",
                      {**reader, "KEYLEDGER_SSM_ENDPOINT": f"http://127.0.0.1:{free_port()}",
                       "KEYLEDGER_SECRETS_TIMEOUT_SECONDS": "1"})
    moto.put("KEYLEDGER_SMTP_PASWORD", "hunter2-misspelt")
    checks.is_refused("a parameter that is no setting", "did you mean KEYLEDGER_SMTP_PASSWORD?", reader)
    moto.guard("inf")
    moto.client("ssm").delete_parameter(Name=f"{PREFIX}/KEYLEDGER_SMTP_PASWORD")
    moto.guard()


def serve(service, moto, expect, secrets):
    service.start()
    log = pathlib.Path(service.log.name)
    before = log.stat().st_size
    moto.put("KEYLEDGER_LOG_LEVEL", "debug")
    reload(service)
    expect("a parameter that changed is taken over", metric(service, "keyledger_reload_failed"), 0)

    def debugged():
        urllib.request.urlopen(f"http://127.0.0.1:{service.port}/health/live", timeout=5).close()
        return "debug" in log.read_text(encoding="utf-8", errors="replace")[before:]

    awaits(SECONDS, debugged, "what is logged at that level")
    moto.stop()
    reload(service)
    status, good, detail = check_of_reload(service)
    expect("without AWS it goes on as it was, and says so",
           (status, good, "KEYLEDGER_SSM_PREFIX: " in detail and "could not be asked" in detail,
            metric(service, "keyledger_reload_failed")), (200, False, True, 1))
    service.stop()
    text = log.read_text(encoding="utf-8", errors="replace")
    expect("secrets in the log", [one for one in secrets if one in text], [])


def story(service, _databases, work, expect):
    moto = Moto(work)
    metadata = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    threading.Thread(target=metadata.serve_forever, daemon=True).start()
    try:
        keys = moto.user("reader", MAY_READ), moto.user("stranger")
        Metadata.role = moto.role("node-role")
        url = service.environment.pop("KEYLEDGER_DATABASE_URL")
        for name, value in {"KEYLEDGER_DATABASE_URL": url, **SETTINGS}.items():
            moto.put(name, value)
        service.environment.pop("KEYLEDGER_STEP_UP_SECONDS")  # or that would win
        service.environment.update(KEYLEDGER_SSM_PREFIX=PREFIX, KEYLEDGER_SSM_REGION=REGION,
                                   KEYLEDGER_SSM_ENDPOINT=moto.url)
        secrets = [url, url.split("@")[0].rsplit(":", 1)[1], SETTINGS["KEYLEDGER_SMTP_PASSWORD"], "hunter2-misspelt",
                   Metadata.role["SecretAccessKey"], Metadata.role["Token"],
                   *(one["AWS_SECRET_ACCESS_KEY"] for one in keys)]
        endpoint = f"http://127.0.0.1:{metadata.server_port}"
        look_at_all_ways(Checks(service, expect, secrets), moto, endpoint, keys, work)
        service.environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = endpoint
        serve(service, moto, expect, secrets)
    finally:
        moto.stop()
        metadata.shutdown()


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(run_scenario(arguments(__doc__).parse_args(), "parameters", story))
