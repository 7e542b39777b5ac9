"""Client assertions as PyJWT, jwcrypto and joserfc make them where nobody says otherwise: their keys, their headers,
their times. Called by oauth_clients.py, which gives the issuer and a client's id for each library, as JSON on stdin;
says which keys to register and what it signed, as JSON."""

import datetime
import json
import sys
import time
import uuid

import joserfc.jwk
import joserfc.jwt
import jwcrypto.jwk
import jwcrypto.jwt
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa


def claims(client_id, issuer, **times):
    return {"iss": client_id, "sub": client_id, "aud": issuer, "jti": str(uuid.uuid4()), **times}


def pyjwt(client_id, issuer):
    now = datetime.datetime.now(datetime.timezone.utc)
    soon = now + datetime.timedelta(minutes=5)
    makers = {"RS256": (jwt.algorithms.RSAAlgorithm, rsa.generate_private_key(65537, 2048)),
              "ES256": (jwt.algorithms.ECAlgorithm, ec.generate_private_key(ec.SECP256R1())),
              "EdDSA": (jwt.algorithms.OKPAlgorithm, ed25519.Ed25519PrivateKey.generate())}
    for algorithm, (maker, key) in makers.items():
        public = json.loads(maker.to_jwk(key.public_key()))
        yield {"case": f"PyJWT {algorithm}", "jwk": public,
               "assertions": [jwt.encode(claims(client_id, issuer, iat=now, exp=soon), key, algorithm=algorithm),
                              # as often written: seconds with a fraction
                              jwt.encode(claims(client_id, issuer, exp=time.time() + 300), key, algorithm=algorithm),
                              jwt.encode(claims(client_id, [issuer], exp=soon, nbf=now), key, algorithm=algorithm,
                                         headers={"typ": "jwt", "cty": "json", "x5t": "AA"})]}


def with_jwcrypto(client_id, issuer):
    kinds = {"RS256": {"kty": "RSA", "size": 2048}, "ES256": {"kty": "EC", "crv": "P-256"},
             "EdDSA": {"kty": "OKP", "crv": "Ed25519"}}
    for algorithm, kind in kinds.items():
        key = jwcrypto.jwk.JWK.generate(**kind, kid=f"jwcrypto-{algorithm}", use="sig", alg=algorithm)
        header = {"alg": algorithm, "kid": key["kid"]}
        token = jwcrypto.jwt.JWT(header=header, claims=claims(client_id, issuer),
                                 default_claims={"iat": None, "exp": None})  # 600 seconds
        token.make_signed_token(key)
        yield {"case": f"jwcrypto {algorithm}", "jwk": key.export_public(as_dict=True),
               "assertions": [token.serialize()]}


def with_joserfc(client_id, issuer):
    kinds = {"RS256": (joserfc.jwk.RSAKey, 2048), "ES256": (joserfc.jwk.ECKey, "P-256"),
             "Ed25519": (joserfc.jwk.OKPKey, "Ed25519")}
    for algorithm, (kind, size) in kinds.items():
        key = kind.generate_key(size, {"key_ops": ["sign", "verify"]}, auto_kid=True)
        now = int(time.time())
        said = claims(client_id, issuer, iat=now, exp=now + 3600)
        plain = joserfc.jwt.encode({"alg": algorithm}, said, key, algorithms=[algorithm])
        named = joserfc.jwt.encode({"alg": algorithm, "kid": key.kid}, {**said, "jti": str(uuid.uuid4())}, key,
                                   algorithms=[algorithm])
        yield {"case": f"joserfc {algorithm}", "jwk": key.as_dict(private=False), "assertions": [plain, named]}


def main():
    given = json.load(sys.stdin)
    libraries = {"pyjwt": pyjwt, "jwcrypto": with_jwcrypto, "joserfc": with_joserfc}
    made = {name: list(library(given["clients"][name], given["issuer"])) for name, library in libraries.items()}
    print(json.dumps(made))


if __name__ == "__main__":
    main()
