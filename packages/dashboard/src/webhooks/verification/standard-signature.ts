import type { Snippet } from "./snippet.ts"

/**
 * Verification of `webhook-signature` by the Standard Webhooks libraries, which also refuse what is older than five
 * minutes. Every profile sends it.
 */
export const standardSignature: readonly Snippet[] = [
  {
    language: "Node",
    code: `// npm install standardwebhooks
import express from "express"
import { Webhook } from "standardwebhooks"

const webhook = new Webhook(process.env.WEBHOOK_SECRET)
const app = express()

app.post("/webhooks", express.raw({ type: "application/json" }), (req, res) => {
  try {
    const event = webhook.verify(req.body.toString("utf8"), req.headers)
    res.sendStatus(200)
  } catch {
    res.sendStatus(401)
  }
})

app.listen(3000)`,
  },
  {
    language: "Python",
    code: `# pip install standardwebhooks flask
import os
from flask import Flask, abort, request
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

app = Flask(__name__)
webhook = Webhook(os.environ["WEBHOOK_SECRET"])

@app.post("/webhooks")
def receive():
    try:
        event = webhook.verify(request.get_data(), dict(request.headers))
    except WebhookVerificationError:
        abort(401)
    return "", 200`,
  },
  {
    language: "Go",
    code: `package main

import (
	"io"
	"net/http"
	"os"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func main() {
	webhook, err := standardwebhooks.NewWebhook(os.Getenv("WEBHOOK_SECRET"))
	if err != nil {
		panic(err)
	}
	http.HandleFunc("POST /webhooks", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil || webhook.Verify(body, r.Header) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
	http.ListenAndServe(":3000", nil)
}`,
  },
  {
    language: "Java",
    code: `import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import static java.nio.charset.StandardCharsets.UTF_8;

final class StandardSignature {
  /** @param id webhook-id. @param timestamp webhook-timestamp. @param signatures webhook-signature. */
  static boolean verifies(String secret, String id, String timestamp, String signatures, String body) throws Exception {
    long age = Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(timestamp));
    if (age > 300) return false;
    byte[] key = Base64.getDecoder().decode(secret.replaceFirst("^whsec_", ""));
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    byte[] digest = mac.doFinal((id + "." + timestamp + "." + body).getBytes(UTF_8));
    byte[] expected = ("v1," + Base64.getEncoder().encodeToString(digest)).getBytes(UTF_8);
    for (String given : signatures.split(" ")) {
      if (MessageDigest.isEqual(expected, given.getBytes(UTF_8))) return true;
    }
    return false;
  }
}`,
  },
  {
    language: "Ruby",
    code: `# gem install standardwebhooks sinatra
require "sinatra"
require "standardwebhooks"

webhook = StandardWebhooks::Webhook.new(ENV.fetch("WEBHOOK_SECRET"))

post "/webhooks" do
  headers = %w[id timestamp signature].to_h { |name| ["webhook-#{name}", request.env["HTTP_WEBHOOK_#{name.upcase}"]] }
  begin
    event = webhook.verify(request.body.read, headers)
    200
  rescue StandardWebhooks::WebhookVerificationError
    401
  end
end`,
  },
  {
    language: "PHP",
    code: `<?php
[$id, $time, $given] = array_map(
    fn ($name) => $_SERVER['HTTP_WEBHOOK_' . $name] ?? '',
    ['ID', 'TIMESTAMP', 'SIGNATURE'],
);
$body = file_get_contents('php://input');
$key = base64_decode(preg_replace('/^whsec_/', '', getenv('WEBHOOK_SECRET')));
$expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$time.$body", $key, true));
$fresh = abs(time() - (int) $time) <= 300;
$known = array_filter(explode(' ', $given), fn ($each) => hash_equals($expected, $each));
http_response_code($fresh && $known ? 200 : 401);`,
  },
  {
    language: "C#",
    code: `using System.Security.Cryptography;
using System.Text;

static bool Verifies(string secret, string id, string timestamp, string signatures, string body)
{
    var age = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(timestamp);
    if (Math.Abs(age) > 300) return false;
    var key = Convert.FromBase64String(secret.StartsWith("whsec_") ? secret[6..] : secret);
    var digest = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}"));
    var expected = Encoding.UTF8.GetBytes("v1," + Convert.ToBase64String(digest));
    return signatures.Split(' ').Any(given =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), expected));
}`,
  },
  {
    language: "Rust",
    code: `// Cargo.toml: hmac = "0.12", sha2 = "0.10", base64 = "0.22"
use base64::{engine::general_purpose::STANDARD, Engine};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Check as well that \`timestamp\` is within five minutes of now.
pub fn verifies(secret: &str, id: &str, timestamp: &str, signatures: &str, body: &str) -> bool {
    let Ok(key) = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)) else { return false };
    signatures.split(' ').filter_map(|each| each.strip_prefix("v1,")).any(|given| {
        let (Ok(mut mac), Ok(signature)) = (Hmac::<Sha256>::new_from_slice(&key), STANDARD.decode(given)) else {
            return false;
        };
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        mac.verify_slice(&signature).is_ok()
    })
}`,
  },
]
