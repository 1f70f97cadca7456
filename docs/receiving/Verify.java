import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Java 17 or newer. */
public class Verify {
    static byte[] mac(byte[] key, byte[]... parts) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        for (byte[] part : parts) mac.update(part);
        return mac.doFinal();
    }

    /** Checks X-PolicyCortex-Signature or X-CyberVault-Signature: HMAC-SHA256 over the raw body, in hex. */
    static boolean verifyBody(String secret, String signature, byte[] rawBody) throws GeneralSecurityException {
        String given = signature.startsWith("sha256=") ? signature.substring(7) : signature;
        String expected = HexFormat.of().formatHex(mac(secret.getBytes(StandardCharsets.UTF_8), rawBody));
        return same(given, expected);
    }

    /** Checks webhook-signature (every profile sends it); the signed time keeps recorded messages from being sent again. */
    static boolean verifyStandard(String secret, String id, String timestamp, String signatures, byte[] rawBody)
            throws GeneralSecurityException {
        if (!timestamp.matches("\\d{1,12}")) return false;
        if (Math.abs(Instant.now().getEpochSecond() - Long.parseLong(timestamp)) > 300) return false;
        byte[] key = secret.startsWith("whsec_")
                ? Base64.getDecoder().decode(secret.substring(6))
                : secret.getBytes(StandardCharsets.UTF_8);
        byte[] before = (id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8);
        String expected = "v1," + Base64.getEncoder().encodeToString(mac(key, before, rawBody));
        // Several during a change of secret, separated by spaces: one must fit.
        for (String each : signatures.split(" ")) if (same(each, expected)) return true;
        return false;
    }

    /** In constant time. */
    static boolean same(String given, String expected) {
        return MessageDigest.isEqual(given.getBytes(StandardCharsets.UTF_8), expected.getBytes(StandardCharsets.UTF_8));
    }

    // Try it: WEBHOOK_SECRET=... java Verify.java <webhook-id> <webhook-timestamp> <webhook-signature> [X-...-Signature] < body
    public static void main(String[] args) throws Exception {
        String secret = System.getenv("WEBHOOK_SECRET");
        byte[] rawBody = System.in.readAllBytes();
        boolean verified = verifyStandard(secret, args[0], args[1], args[2], rawBody)
                && (args.length < 4 || verifyBody(secret, args[3], rawBody));
        System.out.println(verified ? "verified" : "refused");
        System.exit(verified ? 0 : 1);
    }
}
