import type { FailureCode } from "../domain/delivery.ts"

/** Why an attempt got no whole response, in the documented terms. Its message may be shown to the webhook's owner. */
export class SendFailure extends Error {
  readonly code: FailureCode

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = "SendFailure"
    this.code = code
  }
}

/**
 * Translates what Node, its TLS or undici threw. Messages are our own: the originals name resolved addresses and
 * sockets, which the owner of a webhook has no business with.
 *
 * @param inBody whether the response's headers had come.
 */
export function asSendFailure(error: unknown, inBody = false): SendFailure {
  if (error instanceof SendFailure) return error
  const code = codeOf(error)
  const known = byCode[code] ?? byFamily(code, inBody)
  if (known === undefined)
    return new SendFailure("internal", `The request could not be sent (${code})`, { cause: error })
  return new SendFailure(known[0], `${known[1]} (${code})`, { cause: error })
}

type Meaning = readonly [code: FailureCode, message: string]

const reset: Meaning = ["connection_reset", "The receiver closed the connection before its response was complete"]
const unreachable: Meaning = ["connection_failed", "The receiver could not be reached"]
const tooSlow: Meaning = ["timeout", "No connection could be made in time"]
const unresolved: Meaning = ["dns", "The host name could not be resolved"]
const untrusted: Meaning = ["tls_untrusted", "The receiver's certificate is not signed by a trusted authority"]
const malformed: Meaning = ["protocol", "The response is not valid HTTP/1.1"]

const byCode: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: ["connection_refused", "The receiver refused the connection"],
  ECONNRESET: reset,
  ECONNABORTED: reset,
  EPIPE: reset,
  UND_ERR_SOCKET: reset,
  /** The connection closed within a chunk. */
  EARLY_END: reset,
  BAD_HTTP: malformed,
  /** A response nobody asked for: a 100, a 101, or one more than there were requests. */
  BAD_RESPONSE: malformed,
  BAD_STATUS: malformed,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  EHOSTDOWN: unreachable,
  ENETDOWN: unreachable,
  EADDRNOTAVAIL: unreachable,
  EACCES: unreachable,
  EPERM: unreachable,
  EINVAL: unreachable,
  ETIMEDOUT: tooSlow,
  ENOTFOUND: unresolved,
  ENODATA: unresolved,
  ESERVFAIL: unresolved,
  EREFUSED: unresolved,
  ETIMEOUT: unresolved,
  EBADNAME: unresolved,
  EBADRESP: unresolved,
  EFORMERR: unresolved,
  EAI_AGAIN: unresolved,
  EAI_FAIL: unresolved,
  EAI_NODATA: unresolved,
  EAI_NONAME: unresolved,
  CERT_HAS_EXPIRED: ["tls_expired", "The receiver's certificate has expired"],
  CERT_NOT_YET_VALID: ["tls_expired", "The receiver's certificate is not valid yet"],
  ERR_TLS_CERT_ALTNAME_INVALID: ["tls_hostname", "The receiver's certificate is for another host name"],
  HOSTNAME_MISMATCH: ["tls_hostname", "The receiver's certificate is for another host name"],
  // The names that Node gives to OpenSSL's results of chain verification (X509_V_ERR_…).
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_CRL: untrusted,
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: untrusted,
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  CERT_CHAIN_TOO_LONG: untrusted,
  CERT_REVOKED: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_REJECTED: untrusted,
  INVALID_CA: untrusted,
  INVALID_PURPOSE: untrusted,
  PATH_LENGTH_EXCEEDED: untrusted,
  ERROR_IN_CERT_NOT_BEFORE_FIELD: untrusted,
  ERROR_IN_CERT_NOT_AFTER_FIELD: untrusted,
  UNSPECIFIED: untrusted,
  EPROTO: ["tls_protocol", "No TLS connection could be agreed on"],
  UND_ERR_HEADERS_OVERFLOW: ["protocol", "The response's headers are too large"],
  UND_ERR_CONNECT_TIMEOUT: tooSlow,
  UND_ERR_HEADERS_TIMEOUT: ["timeout", "No response came in time"],
  UND_ERR_BODY_TIMEOUT: ["timeout", "The response did not end in time"],
}

const aboutOurCertificate =
  /^ERR_SSL_[A-Z0-9/]+_ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED)$/

/** Codes that come in families too large to list. */
function byFamily(code: string, inBody: boolean): Meaning | undefined {
  // The endpoint's alerts about the certificate it was shown, or was not (RFC 8446 §6.2).
  if (aboutOurCertificate.test(code)) {
    return ["tls_client_certificate", "The receiver did not accept the client certificate, or asked for one"]
  }
  // Raised for a connection that ended before the announced number of bytes, and for any error of the parser once it
  // has seen a Content-Length: only before the body is the response itself at fault.
  if (code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH") return inBody ? reset : malformed
  if (code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_") || code.startsWith("ERR_OSSL_")) return byCode.EPROTO
  return undefined
}

/** @returns the error's own code, or one in its manner for those of undici that carry none or too general a one. */
function codeOf(error: unknown): string {
  // When several addresses were tried, each has its error; the last is that of the last resort.
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors.at(-1))
  if (!(error instanceof Error)) return "unknown"
  if (error.name === "HTTPParserError") return error.message.includes("Invalid EOF state") ? "EARLY_END" : "BAD_HTTP"
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name
  if (code === "UND_ERR_SOCKET" && /^bad (response|upgrade)$/.test(error.message)) return "BAD_RESPONSE"
  // Its parser lets a status below 100 through to an assertion, which is then the receiver's doing.
  if (code === "ERR_ASSERTION" && error.message.includes("statusCode >= 100")) return "BAD_STATUS"
  return code
}
