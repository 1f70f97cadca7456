require "openssl"

# Checks X-PolicyCortex-Signature or X-CyberVault-Signature: HMAC-SHA256 over the raw body, in hex.
def verify_body(secret, signature, raw_body)
  expected = OpenSSL::HMAC.hexdigest("SHA256", secret, raw_body)
  OpenSSL.secure_compare(signature.delete_prefix("sha256="), expected)
end

# Checks webhook-signature (every profile sends it); the signed time keeps recorded messages from being sent again.
def verify_standard(secret, id, timestamp, signatures, raw_body)
  return false unless timestamp.match?(/\A\d{1,12}\z/) && (Time.now.to_i - timestamp.to_i).abs <= 300
  key = secret.start_with?("whsec_") ? secret.delete_prefix("whsec_").unpack1("m") : secret
  expected = "v1," + [OpenSSL::HMAC.digest("SHA256", key, "#{id}.#{timestamp}.".b + raw_body)].pack("m0")
  # Several during a change of secret, separated by spaces: one must fit.
  signatures.split(" ").any? { |each| OpenSSL.secure_compare(each, expected) }
end

# Try it: WEBHOOK_SECRET=… ruby verify.rb <webhook-id> <webhook-timestamp> <webhook-signature> [X-…-Signature] < body
if $PROGRAM_NAME == __FILE__
  id, timestamp, signatures, own = ARGV
  secret = ENV.fetch("WEBHOOK_SECRET")
  raw_body = $stdin.binmode.read
  verified = verify_standard(secret, id, timestamp, signatures, raw_body) &&
    (own.nil? || verify_body(secret, own, raw_body))
  puts verified ? "verified" : "refused"
  exit verified ? 0 : 1
end
