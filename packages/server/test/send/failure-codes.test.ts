import { expect, test } from "vitest"
import { asSendFailure, SendFailure } from "../../src/send/failure-codes.ts"

const coded = (code: string, message = "at 10.1.2.3:443") => Object.assign(new Error(message), { code })

// Those that no receiver on loopback can bring about; the others are met for real in the neighbouring tests.
test.each([
  ["ETIMEDOUT", "timeout"],
  ["EHOSTUNREACH", "connection_failed"],
  ["ENETUNREACH", "connection_failed"],
  ["EAI_AGAIN", "dns"],
  ["ESERVFAIL", "dns"],
  ["CERT_NOT_YET_VALID", "tls_expired"],
  ["CERT_REVOKED", "tls_untrusted"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "tls_untrusted"],
  ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "tls_protocol"],
  ["ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE", "tls_client_certificate"],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "tls_client_certificate"],
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "tls_client_certificate"],
  ["EPIPE", "connection_reset"],
  ["EMFILE", "internal"],
])("%s is %s", (code, expected) => {
  const failure = asSendFailure(coded(code))
  expect(failure.code).toBe(expected)
  expect(failure.message).toContain(code)
  expect(failure.message, "no inner address may be shown").not.toContain("10.1.2.3")
})

test("of several addresses that failed, the last one's error counts", () => {
  const all = new AggregateError([coded("ENETUNREACH"), coded("ECONNREFUSED")])
  expect(asSendFailure(all).code).toBe("connection_refused")
})

test("what is no error at all is a fault of our own", () => {
  for (const thrown of [undefined, null, "text", {}]) expect(asSendFailure(thrown).code).toBe("internal")
})

test("a failure already named stays as it is", () => {
  const failure = new SendFailure("blocked_address", "no")
  expect(asSendFailure(failure)).toBe(failure)
})
