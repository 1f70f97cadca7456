<?php
/** Checks X-PolicyCortex-Signature or X-CyberVault-Signature: HMAC-SHA256 over the raw body, in hex. */
function verify_body(string $secret, string $signature, string $rawBody): bool
{
    $given = str_starts_with($signature, 'sha256=') ? substr($signature, 7) : $signature;
    return hash_equals(hash_hmac('sha256', $rawBody, $secret), $given);
}

/** Checks webhook-signature (every profile sends it); the signed time keeps recorded messages from being sent again. */
function verify_standard(string $secret, string $id, string $timestamp, string $signatures, string $rawBody): bool
{
    if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > 300) {
        return false;
    }
    $key = str_starts_with($secret, 'whsec_') ? base64_decode(substr($secret, 6)) : $secret;
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$rawBody", $key, true));
    // Several during a change of secret, separated by spaces: one must fit.
    foreach (explode(' ', $signatures) as $each) {
        if (hash_equals($expected, $each)) {
            return true;
        }
    }
    return false;
}

// In a request the raw body is file_get_contents('php://input'), not $_POST.
// Try it: WEBHOOK_SECRET=… php verify.php <webhook-id> <webhook-timestamp> <webhook-signature> [X-…-Signature] < body
if (PHP_SAPI === 'cli' && isset($argv[3])) {
    $secret = getenv('WEBHOOK_SECRET');
    $rawBody = stream_get_contents(STDIN);
    $verified = verify_standard($secret, $argv[1], $argv[2], $argv[3], $rawBody)
        && (!isset($argv[4]) || verify_body($secret, $argv[4], $rawBody));
    echo $verified ? "verified\n" : "refused\n";
    exit($verified ? 0 : 1);
}
