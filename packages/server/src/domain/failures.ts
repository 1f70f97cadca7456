import type { FailureCode } from "./delivery.ts"

type Circumstances = {
  /** The profile's rule of success, in words. */
  readonly successRule: string
  readonly timeoutSeconds: number
  /** It was a test or a verification, which changes nothing but that. */
  readonly test: boolean
}

/** What each failure means to the receiver's developer, and what to do about it. The docs list exactly these. */
const hints: Readonly<Record<FailureCode, (at: Circumstances) => string>> = {
  non_2xx: ({ successRule }) =>
    `The endpoint was reached but did not accept the event. Answer with ${successRule} as soon as it is stored, and work on it afterwards; look in the endpoint's own log for the cause.`,
  unauthorized: () =>
    "The endpoint refused the request. Compare its secret with this webhook's (rotate if in doubt), verify over the raw body before any JSON parsing, and check that nothing in front of it asks for a login.",
  gone: ({ test }) =>
    test
      ? "The endpoint says it is gone for good (410): a delivery that is answered so disables the webhook. Correct the URL."
      : "The endpoint says it is gone for good (410), so the webhook was disabled. Correct the URL, then set active to true.",
  rate_limited: () =>
    "The endpoint asks for fewer requests. Set rate_limit on the webhook to what it can take; Retry-After is respected.",
  redirect: () => "Redirects are not followed. Register the final URL, as shown in the response's Location header.",
  timeout: ({ timeoutSeconds }) =>
    `No complete answer within ${timeoutSeconds} s. Answer first and work afterwards; check that a firewall does not drop the connection silently.`,
  dns: () => "The host name does not resolve. Check its spelling and that it is in the public DNS.",
  connection_refused: () =>
    "Nothing listens at that address and port. Start the endpoint, check the port in the URL, and let the firewall pass.",
  connection_reset: () =>
    "The connection was closed before the answer came. Look for a crash, a restart or a proxy's limits at the endpoint, or for a client certificate that it asks for.",
  connection_failed: () =>
    "The address could not be reached. Check routing and firewall between here and the endpoint.",
  tls_expired: () => "The endpoint's certificate has expired or is not valid yet. Renew it and check the clock.",
  tls_untrusted: () =>
    "The endpoint's certificate is not signed by a known authority. Install a public one, and serve its intermediate certificates too.",
  tls_hostname: () => "The endpoint's certificate is for another name. Use one that covers the host in the URL.",
  tls_protocol: () =>
    "No TLS connection could be agreed on. The endpoint must speak TLS 1.2 or newer on that port (and not plain HTTP).",
  tls_client_certificate: () =>
    "The endpoint wants a client certificate that it accepts. Give the webhook one in tls, or renew the present one; its authority must be known to the endpoint.",
  blocked_address: () =>
    "The host resolves to an address that must not be sent to (private, local or reserved). Use a public one; for development an operator lists it in TOCSIN_ALLOWED_TARGETS.",
  response_too_large: () =>
    "The answer is larger than is read. Only the status matters: answer with a short body or none.",
  protocol: () =>
    "The answer is not valid HTTP. Check that the port speaks HTTP/1.1, and what stands before the endpoint.",
  authorization_failed: () =>
    "No access token could be had for this webhook, so nothing was sent. Check its authorization: the token URL, the client's id and secret, and the scope it may ask for.",
  egress_proxy: () =>
    "The proxy that this server sends through made no connection. If it refuses the endpoint, ask the operator to allow it there; otherwise the proxy is at fault.",
  internal: () => "This is a fault of the sending side, not of the endpoint. Tell the operator.",
}

export function explain(code: FailureCode, circumstances: Circumstances): string {
  return hints[code](circumstances)
}
