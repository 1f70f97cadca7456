// .NET 10 or newer runs this file as it is: WEBHOOK_SECRET=… dotnet run verify.cs -- <webhook-id> <webhook-timestamp> <webhook-signature> [X-…-Signature] < body
using System.Security.Cryptography;
using System.Text;

var secret = Environment.GetEnvironmentVariable("WEBHOOK_SECRET") ?? "";
using var body = new MemoryStream();
Console.OpenStandardInput().CopyTo(body);
var rawBody = body.ToArray();
var verified = Webhook.VerifyStandard(secret, args[0], args[1], args[2], rawBody)
    && (args.Length < 4 || Webhook.VerifyBody(secret, args[3], rawBody));
Console.WriteLine(verified ? "verified" : "refused");
return verified ? 0 : 1;

static class Webhook
{
    /// <summary>Checks X-PolicyCortex-Signature or X-CyberVault-Signature: HMAC-SHA256 over the raw body, in hex.</summary>
    public static bool VerifyBody(string secret, string signature, byte[] rawBody)
    {
        var given = signature.StartsWith("sha256=", StringComparison.Ordinal) ? signature[7..] : signature;
        return Same(given, Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), rawBody)));
    }

    /// <summary>Checks webhook-signature (every profile sends it); the signed time keeps recorded messages from being sent again.</summary>
    public static bool VerifyStandard(string secret, string id, string timestamp, string signatures, byte[] rawBody)
    {
        if (!long.TryParse(timestamp, out var seconds)) return false;
        if (Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - seconds) > 300) return false;
        var key = secret.StartsWith("whsec_", StringComparison.Ordinal)
            ? Convert.FromBase64String(secret[6..])
            : Encoding.UTF8.GetBytes(secret);
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. rawBody];
        var expected = "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed));
        // Several during a change of secret, separated by spaces: one must fit.
        return signatures.Split(' ').Any(each => Same(each, expected));
    }

    static bool Same(string given, string expected) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected));
}
