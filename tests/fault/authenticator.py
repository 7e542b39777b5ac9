"""An authenticator app (RFC 6238 with SHA-1, six digits and thirty seconds): none of the service's code is in it."""

import base64
import hashlib
import hmac
import struct
import time

STEP_S = 30


def seed_of(base32):
    return base64.b32decode(base32 + "=" * (-len(base32) % 8))


def code_of(base32, steps=0):
    """What the app shows so many steps from now; the service takes that of the next one, too."""
    counter = struct.pack(">Q", int(time.time()) // STEP_S + steps)
    digest = hmac.new(seed_of(base32), counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7fffffff) % 1_000_000:06}"
