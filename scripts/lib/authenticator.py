#!/usr/bin/env python3
"""A passkey of software, with the browser in front of it (W3C Web Authentication): ES256, by OpenSSL's command line.

    authenticator.py make FOLDER ORIGIN <answer-with-options.json   makes one and keeps it in FOLDER
    authenticator.py sign FOLDER ORIGIN <answer-with-options.json   proves it

Both write the body that goes back: "handle" and "credential", as PublicKeyCredential.toJSON() writes it.
"""
import base64
import hashlib
import json
import os
import pathlib
import subprocess
import sys

PRESENT, VERIFIED, HAS_CREDENTIAL = 0x01, 0x04, 0x40


def text(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def client_data(kind, challenge, origin):
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()


def data_for(relying_party, flags):
    return hashlib.sha256(relying_party.encode()).digest() + bytes([flags | PRESENT | VERIFIED]) + bytes(4)


def credential(identifier, response):
    return {"id": identifier, "rawId": identifier, "type": "public-key", "response": response,
            "clientExtensionResults": {}}


def make(folder, origin, options):
    key = folder / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key],
                   check=True)
    spki = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True,
                          capture_output=True).stdout
    x, y = spki[-64:-32], spki[-32:]
    identifier = os.urandom(32)
    cose = bytes.fromhex("a5010203262001215820") + x + bytes.fromhex("225820") + y  # EC2, ES256, P-256
    data = data_for(options["rp"]["id"], HAS_CREDENTIAL) + bytes(16) + bytes([0, len(identifier)]) + identifier + cose
    assert 256 > len(data) > 23
    attestation = (b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + bytes([len(data)]) + data)
    kept = {"id": text(identifier), "user": options["user"]["id"]}
    (folder / "passkey.json").write_text(json.dumps(kept))
    made = client_data("webauthn.create", options["challenge"], origin)
    return credential(kept["id"], {"clientDataJSON": text(made), "attestationObject": text(attestation)})


def sign(folder, origin, options):
    kept = json.loads((folder / "passkey.json").read_text())
    asked = client_data("webauthn.get", options["challenge"], origin)
    data = data_for(options["rpId"], 0)
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", folder / "key.pem"], check=True,
                               input=data + hashlib.sha256(asked).digest(), capture_output=True).stdout
    return credential(kept["id"], {"clientDataJSON": text(asked), "authenticatorData": text(data),
                                   "signature": text(signature), "userHandle": kept["user"]})


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("make", "sign"):
        sys.exit(__doc__)
    folder, origin, answer = pathlib.Path(sys.argv[2]), sys.argv[3], json.load(sys.stdin)
    made = (make if sys.argv[1] == "make" else sign)(folder, origin, answer["options"])
    print(json.dumps({"handle": answer["handle"], "credential": made}))


if __name__ == "__main__":
    main()
