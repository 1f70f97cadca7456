import base64
import hashlib
import hmac
import os
import sys
import time


def verify_body(secret: str, signature: str, raw_body: bytes) -> bool:
    """Checks X-PolicyCortex-Signature or X-CyberVault-Signature: HMAC-SHA256 over the raw body, in hex."""
    expected = hmac.new(secret.encode(), raw_body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature.removeprefix("sha256=").encode(), expected.encode())


def verify_standard(secret: str, id: str, timestamp: str, signatures: str, raw_body: bytes) -> bool:
    """Checks webhook-signature (every profile sends it); the signed time keeps recorded messages from being sent again."""
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > 300:
        return False
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    signed = id.encode() + b"." + timestamp.encode() + b"." + raw_body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    # Several during a change of secret, separated by spaces: one must fit.
    return any(hmac.compare_digest(each.encode(), expected.encode()) for each in signatures.split(" "))


# Try it: WEBHOOK_SECRET=… python3 verify.py <webhook-id> <webhook-timestamp> <webhook-signature> [X-…-Signature] < body
if __name__ == "__main__":
    id, timestamp, signatures, *own = sys.argv[1:]
    secret = os.environ["WEBHOOK_SECRET"]
    raw_body = sys.stdin.buffer.read()
    verified = verify_standard(secret, id, timestamp, signatures, raw_body) and all(
        verify_body(secret, each, raw_body) for each in own
    )
    print("verified" if verified else "refused")
    sys.exit(0 if verified else 1)
