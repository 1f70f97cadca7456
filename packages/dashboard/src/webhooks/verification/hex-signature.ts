import type { Snippet } from "./snippet.ts"

/**
 * Verification of a profile's own header: hex HMAC-SHA256 over the raw body, under the secret's own characters.
 *
 * @param header as it is documented, such as `X-CyberVault-Signature`.
 * @param prefix before the hex digits: `sha256=`, or nothing.
 */
export function hexSignature(header: string, prefix: string): readonly Snippet[] {
  const lower = header.toLowerCase()
  const cgi = `HTTP_${header.toUpperCase().replaceAll("-", "_")}`
  return [
    {
      language: "Node",
      code: `import { createHmac, timingSafeEqual } from "node:crypto"
import express from "express"

const app = express()

// The raw body: parsed and written again, JSON is no longer what was signed.
app.post("/webhooks", express.raw({ type: "application/json" }), (req, res) => {
  const digest = createHmac("sha256", process.env.WEBHOOK_SECRET).update(req.body).digest("hex")
  const expected = Buffer.from("${prefix}" + digest)
  const given = Buffer.from(req.get("${header}") ?? "")
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return res.sendStatus(401)
  const event = JSON.parse(req.body)
  // Store it (webhook-id is the same with each retry), answer, then work on it.
  res.sendStatus(200)
})

app.listen(3000)`,
    },
    {
      language: "Python",
      code: `import hashlib, hmac, json, os
from flask import Flask, abort, request

app = Flask(__name__)

@app.post("/webhooks")
def receive():
    body = request.get_data()  # the raw bytes, as they were signed
    digest = hmac.new(os.environ["WEBHOOK_SECRET"].encode(), body, hashlib.sha256).hexdigest()
    given = request.headers.get("${header}", "")
    if not hmac.compare_digest(("${prefix}" + digest).encode(), given.encode()):
        abort(401)
    event = json.loads(body)
    return "", 200`,
    },
    {
      language: "Go",
      code: `package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
)

func receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	mac := hmac.New(sha256.New, []byte(os.Getenv("WEBHOOK_SECRET")))
	mac.Write(body)
	expected := "${prefix}" + hex.EncodeToString(mac.Sum(nil))
	if !hmac.Equal([]byte(r.Header.Get("${header}")), []byte(expected)) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func main() {
	http.HandleFunc("POST /webhooks", receive)
	http.ListenAndServe(":3000", nil)
}`,
    },
    {
      language: "Java",
      code: `import java.security.MessageDigest;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import static java.nio.charset.StandardCharsets.UTF_8;

final class Signature {
  /** @param body the raw bytes of the request. @param given the header ${header}. */
  static boolean verifies(byte[] body, String given, String secret) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(secret.getBytes(UTF_8), "HmacSHA256"));
    String expected = "${prefix}" + HexFormat.of().formatHex(mac.doFinal(body));
    return given != null && MessageDigest.isEqual(expected.getBytes(UTF_8), given.getBytes(UTF_8));
  }
}`,
    },
    {
      language: "Ruby",
      code: `require "json"
require "openssl"
require "sinatra"

post "/webhooks" do
  body = request.body.read
  digest = OpenSSL::HMAC.hexdigest("SHA256", ENV.fetch("WEBHOOK_SECRET"), body)
  given = request.env["${cgi}"].to_s
  halt 401 unless Rack::Utils.secure_compare("${prefix}" + digest, given)
  event = JSON.parse(body)
  200
end`,
    },
    {
      language: "PHP",
      code: `<?php
$body = file_get_contents('php://input');
$expected = '${prefix}' . hash_hmac('sha256', $body, getenv('WEBHOOK_SECRET'));
if (!hash_equals($expected, $_SERVER['${cgi}'] ?? '')) {
    http_response_code(401);
    exit;
}
$event = json_decode($body, true, flags: JSON_THROW_ON_ERROR);
http_response_code(200);`,
    },
    {
      language: "C#",
      code: `using System.Security.Cryptography;
using System.Text;

var app = WebApplication.Create(args);
var secret = Encoding.UTF8.GetBytes(Environment.GetEnvironmentVariable("WEBHOOK_SECRET")!);

app.MapPost("/webhooks", async (HttpRequest request) =>
{
    using var buffer = new MemoryStream();
    await request.Body.CopyToAsync(buffer);
    var digest = Convert.ToHexString(HMACSHA256.HashData(secret, buffer.ToArray())).ToLowerInvariant();
    var expected = Encoding.UTF8.GetBytes("${prefix}" + digest);
    var given = Encoding.UTF8.GetBytes(request.Headers["${header}"].ToString());
    return CryptographicOperations.FixedTimeEquals(given, expected) ? Results.Ok() : Results.Unauthorized();
});

app.Run();`,
    },
    {
      language: "Rust",
      code: `// Cargo.toml: hmac = "0.12", sha2 = "0.10", hex = "0.4"
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// \`body\`: the raw bytes of the request. \`given\`: the header ${lower}.
pub fn verifies(body: &[u8], given: &str, secret: &str) -> bool {
    let Some(digits) = given.strip_prefix("${prefix}") else { return false };
    let Ok(signature) = hex::decode(digits) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&signature).is_ok() // in constant time
}`,
    },
  ]
}
