use base64::{engine::general_purpose::STANDARD, Engine};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::io::Read;
use std::time::{SystemTime, UNIX_EPOCH};

fn mac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac
}

/// Checks X-PolicyCortex-Signature or X-CyberVault-Signature: HMAC-SHA256 over the raw body, in hex.
pub fn verify_body(secret: &str, signature: &str, raw_body: &[u8]) -> bool {
    let given = hex::decode(signature.strip_prefix("sha256=").unwrap_or(signature));
    // verify_slice compares in constant time.
    given.is_ok_and(|given| mac(secret.as_bytes(), &[raw_body]).verify_slice(&given).is_ok())
}

/// Checks webhook-signature (every profile sends it); the signed time keeps recorded messages from being sent again.
pub fn verify_standard(secret: &str, id: &str, timestamp: &str, signatures: &str, raw_body: &[u8]) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if !timestamp.parse::<u64>().is_ok_and(|sent| now.abs_diff(sent) <= 300) {
        return false;
    }
    let key = match secret.strip_prefix("whsec_") {
        Some(encoded) => match STANDARD.decode(encoded) {
            Ok(key) => key,
            Err(_) => return false,
        },
        None => secret.as_bytes().to_vec(),
    };
    let before = format!("{id}.{timestamp}.");
    // Several during a change of secret, separated by spaces: one must fit.
    signatures.split(' ').any(|each| {
        let given = each.strip_prefix("v1,").and_then(|encoded| STANDARD.decode(encoded).ok());
        given.is_some_and(|given| mac(&key, &[before.as_bytes(), raw_body]).verify_slice(&given).is_ok())
    })
}

// Try it: WEBHOOK_SECRET=… cargo run -- <webhook-id> <webhook-timestamp> <webhook-signature> [X-…-Signature] < body
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let secret = std::env::var("WEBHOOK_SECRET").unwrap_or_default();
    let mut raw_body = Vec::new();
    std::io::stdin().read_to_end(&mut raw_body).expect("the body can be read");
    let verified = verify_standard(&secret, &args[0], &args[1], &args[2], &raw_body)
        && args.get(3).is_none_or(|own| verify_body(&secret, own, &raw_body));
    println!("{}", if verified { "verified" } else { "refused" });
    std::process::exit(if verified { 0 } else { 1 });
}
