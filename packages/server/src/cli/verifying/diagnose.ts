import type { ProfileName } from "../../domain/workspace.ts"
import { profileByName } from "../../profiles/by-name.ts"
import { findChanges } from "./body-changes.ts"
import { type Captured, headerValues } from "./captured-request.ts"
import { changeDetails, type Finding, finding } from "./findings.ts"
import { bodyDigest, readDigest, same, standardDigest, standardSignatures } from "./signatures.ts"

export type DiagnosisOptions = {
  /** The webhook's, as typed; several during a rotation. */
  readonly secrets: readonly string[]
  /** Null: told from the request. */
  readonly profile: ProfileName | null
  /** When the request came, Unix ms. */
  readonly atMs: number
  readonly toleranceSeconds: number
  /** The body as the server has it; null when it was not asked. */
  readonly sentBody: string | null
}

export type SignatureCheck = {
  readonly header: string
  readonly outcome: "valid" | "invalid" | "malformed" | "missing"
}

export type Diagnosis = {
  /** Whether a receiver may act on it. */
  readonly valid: boolean
  readonly profile: ProfileName
  readonly checks: readonly SignatureCheck[]
  readonly findings: readonly Finding[]
}

/** The documents' own headers, and what stands before the digest. */
const documentHeaders = {
  policycortex: { header: "X-PolicyCortex-Signature", prefix: "sha256=" },
  cybervault: { header: "X-CyberVault-Signature", prefix: "" },
  standard: null,
} as const satisfies Readonly<Record<ProfileName, { header: string; prefix: string } | null>>

const standardHeaders = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const

/**
 * Checks a captured request as a careful receiver does, and says what is wrong: by undoing what is known to go wrong,
 * until a signature fits. Pure.
 */
export function diagnose(captured: Captured, options: DiagnosisOptions): Diagnosis {
  const profile = options.profile ?? profileOf(captured)
  const secret = usableSecrets(options.secrets)
  const evidence: Evidence = { captured, options: { ...options, secrets: secret.usable } }
  const own = checkOwn(evidence, profile)
  const standard = checkStandard(evidence, own?.outcome ?? null)
  const checks = [...(own === null ? [] : [{ header: own.header, outcome: own.outcome }]), ...standard.checks]
  const found = [...secret.findings, ...(own?.findings ?? []), ...standard.findings]
  // Where one signature fits, the body is proved and the secret known.
  const unexplained =
    checks.some(({ outcome }) => outcome === "invalid") &&
    checks.every(({ outcome }) => outcome !== "valid") &&
    !found.some(explains)
  if (unexplained) found.push(...explanation(evidence, profile))
  found.push(...consequences(evidence, profile, own?.outcome ?? null, standard.outcome, found))
  const signed = own === null ? standard.outcome === "valid" : own.outcome === "valid"
  return {
    valid: signed && found.every(({ weight }) => weight === "note"),
    profile,
    checks,
    findings: found,
  }
}

type Evidence = { readonly captured: Captured; readonly options: DiagnosisOptions }

/** Whose request it is: by its signature header, by its other headers, by its envelope. */
export function profileOf({ headers, body }: Captured): ProfileName {
  const named = (["policycortex", "cybervault"] as const).find(
    (name) => headerValues(headers, documentHeaders[name].header).length > 0,
  )
  if (named !== undefined) return named
  const prefixed = (["policycortex", "cybervault"] as const).find((name) => {
    const prefix = profileByName(name).headerPrefix.toLowerCase()
    return headers.some(([header]) => header.toLowerCase().startsWith(prefix))
  })
  if (prefixed !== undefined) return prefixed
  const envelope = envelopeOf(body.toString("utf8"))
  if (envelope === null || typeof envelope.id !== "string") return "standard"
  return typeof envelope.event === "string" ? "cybervault" : "policycortex"
}

function usableSecrets(secrets: readonly string[]): { usable: readonly string[]; findings: Finding[] } {
  const unusable = secrets.filter((secret) => {
    if (!secret.startsWith("whsec_")) return false
    const base64 = secret.trim().slice("whsec_".length)
    return base64 === "" || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)
  })
  return { usable: secrets, findings: unusable.length > 0 ? [finding("secret_unusable", { certain: true })] : [] }
}

type Outcome = SignatureCheck["outcome"]

/** The document's own header. Null for a profile without one. */
function checkOwn(evidence: Evidence, profile: ProfileName) {
  const own = documentHeaders[profile]
  if (own === null) {
    const others = foreignHeaders(evidence.captured, profile)
    return others.length === 0 || headerValues(evidence.captured.headers, "webhook-signature").length > 0
      ? null
      : { header: "webhook-signature", outcome: "missing" as const, findings: [foreign(others)] }
  }
  const { header, prefix } = own
  const values = headerValues(evidence.captured.headers, header)
  const value = values[0]?.trim() ?? ""
  if (value === "") {
    const others = foreignHeaders(evidence.captured, profile)
    const found = others.length > 0 ? foreign(others) : finding("header_missing", { header })
    return { header, outcome: "missing" as const, findings: [found] }
  }
  return { header, ...judgeOwn(evidence, header, prefix, value, values.length > 1 || value.includes(",")) }
}

function judgeOwn({ captured, options }: Evidence, header: string, prefix: string, value: string, repeated: boolean) {
  const first = value.split(",")[0]?.trim() ?? ""
  const bare = first.replace(/^sha256=/i, "")
  const read = readDigest(bare)
  const findings: Finding[] = repeated ? [finding("header_repeated", { header })] : []
  if (read === null) {
    return { outcome: "malformed" as const, findings: [...findings, finding("signature_malformed", { header })] }
  }
  const by = options.secrets.findIndex((secret) => same(bodyDigest(secret, captured.body), read.digest))
  const fits = by !== -1
  const hasPrefix = first.startsWith("sha256=")
  const wrongForm = read.encoding !== "hex" || hasPrefix !== (prefix !== "")
  if (!wrongForm) {
    if (fits && /[A-F]/.test(bare)) findings.push(finding("upper_case_hex", { header, weight: "note" }))
    return { outcome: fits ? ("valid" as const) : ("invalid" as const), findings }
  }
  if (!fits) return { outcome: "invalid" as const, findings }
  if (read.encoding !== "hex") findings.push(finding("wrong_encoding", { header }))
  if (hasPrefix && prefix === "") findings.push(finding("prefix_unexpected", { header }))
  if (!hasPrefix && prefix !== "") findings.push(finding("prefix_missing", { header }))
  return { outcome: "malformed" as const, findings }
}

function foreignHeaders({ headers }: Captured, profile: ProfileName): readonly string[] {
  return (["policycortex", "cybervault"] as const).flatMap((name) => {
    const { header } = documentHeaders[name]
    return name !== profile && headerValues(headers, header).length > 0 ? [header] : []
  })
}

function foreign(headers: readonly string[]): Finding {
  return finding("other_profile", { ...(headers[0] !== undefined && { header: headers[0] }) })
}

/** `webhook-id`, `webhook-timestamp`, `webhook-signature`. */
function checkStandard(
  { captured, options }: Evidence,
  own: Outcome | null,
): { outcome: Outcome; checks: SignatureCheck[]; findings: Finding[] } {
  const header = "webhook-signature"
  const values = standardHeaders.map((name) => headerValues(captured.headers, name)[0]?.trim() ?? "")
  const [id = "", timestamp = "", signature = ""] = values
  const missing = standardHeaders.filter((_, at) => values[at] === "")
  if (missing.length > 0) {
    // The document's own check does without them.
    const bearable = missing.length === standardHeaders.length && own !== null && own !== "missing"
    const findings = bearable
      ? [finding("standard_headers_missing", { weight: "note" })]
      : missing.map((name) => finding("header_missing", { header: name }))
    return { outcome: "missing", checks: bearable ? [] : [{ header, outcome: "missing" }], findings }
  }
  const findings = standardHeaders
    .filter((name) => headerValues(captured.headers, name).length > 1)
    .map((name) => finding("header_repeated", { header: name }))
  findings.push(...timestampFindings(timestamp, options))
  const digests = standardSignatures(signature)
  const fits = (body: Uint8Array, signedId = id, signedAt = timestamp) =>
    options.secrets.some((secret) =>
      digests.some((digest) => same(standardDigest(secret, signedId, signedAt, body), digest)),
    )
  if (digests.length > 0 && fits(captured.body))
    return { outcome: "valid", checks: [{ header, outcome: "valid" }], findings }
  if (digests.length === 0) {
    const read = readDigest(signature.replace(/^(v1|sha256)[,=]/, ""))
    const right =
      read !== null &&
      options.secrets.some((secret) => same(standardDigest(secret, id, timestamp, captured.body), read.digest))
    findings.push(finding(right ? "wrong_encoding" : "signature_malformed", { header }))
    return { outcome: "malformed", checks: [{ header, outcome: "malformed" }], findings }
  }
  // The body is proved by the other header, or by other values of what is signed with it: then those are at fault.
  const inMilliseconds = /^\d{13}$/.test(timestamp) ? [timestamp.slice(0, 10)] : []
  const envelopeId = envelopeOf(captured.body.toString("utf8"))?.id
  const ids = [id, ...(typeof envelopeId === "string" ? [envelopeId] : [])]
  const otherwise = ids.some((each) => [timestamp, ...inMilliseconds].some((at) => fits(captured.body, each, at)))
  if (own === "valid" || otherwise) findings.push(finding("signed_headers_changed", { header }))
  return { outcome: "invalid", checks: [{ header, outcome: "invalid" }], findings }
}

function timestampFindings(timestamp: string, { atMs, toleranceSeconds }: DiagnosisOptions): Finding[] {
  const header = "webhook-timestamp"
  if (/^\d{13}$/.test(timestamp)) return [finding("timestamp_in_milliseconds", { header })]
  if (!/^\d{1,12}$/.test(timestamp)) return [finding("timestamp_malformed", { header })]
  const ageSeconds = atMs / 1000 - Number(timestamp)
  if (Math.abs(ageSeconds) <= toleranceSeconds) return []
  const details = [`${Math.floor(Math.abs(ageSeconds))} s; ${toleranceSeconds} s are allowed`]
  return [finding(ageSeconds > 0 ? "timestamp_stale" : "timestamp_in_future", { header, details })]
}

/** Findings after which a signature that does not fit needs no other explanation. */
function explains({ code }: Finding): boolean {
  return code === "signed_headers_changed" || code === "secret_unusable"
}

/** Why a signature does not fit: the body, or the secret. */
function explanation({ captured, options }: Evidence, profile: ProfileName): Finding[] {
  const { body } = captured
  const signedBy = signedByAny({ captured, options }, profile)
  if (body.length === 0) return [finding("body_empty")]
  const recovered = findChanges(body, (text) => options.secrets.some((secret) => signedBy(secret, Buffer.from(text))))
  if (recovered !== null && recovered.changes.length > 0) {
    return [finding("body_reserialised", { details: changeDetails(recovered.changes) })]
  }
  const secret = otherSecret(options.secrets, (each) => signedBy(each, body))
  if (secret !== null) return [secret]
  return withoutProof({ captured, options }, profile)
}

/** Whether any signature of the request is by a secret over a body. */
function signedByAny({ captured }: Evidence, profile: ProfileName): (secret: string, body: Uint8Array) => boolean {
  const own = documentHeaders[profile]
  const value = own === null ? undefined : headerValues(captured.headers, own.header)[0]
  const ownDigest = value === undefined ? null : readDigest(value.trim().replace(/^sha256=/i, ""))
  const [id, timestamp, signature] = standardHeaders.map(
    (name) => headerValues(captured.headers, name)[0]?.trim() ?? "",
  )
  const digests = standardSignatures(signature ?? "")
  return (secret, body) =>
    (ownDigest !== null && same(bodyDigest(secret, body), ownDigest.digest)) ||
    digests.some((digest) => same(standardDigest(secret, id ?? "", timestamp ?? "", body), digest))
}

/** The right secret, hidden in what was given. */
function otherSecret(secrets: readonly string[], fits: (secret: string) => boolean): Finding | null {
  for (const secret of secrets) {
    const trimmed = secret.trim()
    const bare = trimmed.replace(/^(["'`])(.*)\1$/s, "$2").trim()
    const plain = bare.replace(/[\p{Cf}\p{Cc}]/gu, "")
    if ([trimmed, bare, plain].some((each) => each !== secret && fits(each))) return finding("secret_with_extras")
    const rest = bare.startsWith("whsec_") ? bare.slice("whsec_".length) : `whsec_${bare}`
    if (rest !== "" && fits(rest)) return finding("secret_prefix")
    // Some programs write the secret with the line's end that its file has.
    if (fits(`${secret}\n`)) return finding("secret_with_extras", { details: ["the sender's has a line's end"] })
  }
  return null
}

/** What speaks for one or the other when nothing fits. */
function withoutProof({ captured, options }: Evidence, profile: ProfileName): Finding[] {
  const { body } = captured
  const text = body.toString("utf8")
  const { sentBody } = options
  if (sentBody !== null) {
    return sentBody === text
      ? [finding("wrong_secret", { details: ["the body is the one that was sent"] })]
      : [finding("body_changed", { details: difference(sentBody, text) })]
  }
  const stated = Number(headerValues(captured.headers, "content-length")[0] ?? body.length)
  if (Number.isFinite(stated) && stated > body.length) {
    return [finding("body_truncated", { details: [`${body.length} of ${stated} bytes`] })]
  }
  if (stated < body.length) return [finding("body_longer", { details: [`${body.length} bytes, not ${stated}`] })]
  if (!Buffer.from(text, "utf8").equals(body)) return [finding("body_changed", { details: ["it is not UTF-8"] })]
  const traces = tracesOfChange(text, profile)
  if (traces.length > 0) return [finding("body_changed", { details: traces })]
  // A signature cannot tell the two apart; a change of a few characters in the middle would look the same.
  const details = ["nothing shows that the body was changed; --compare tells whether it was"]
  return [finding("wrong_secret", { certain: false, details })]
}

/** Where this engine's envelope is not as it writes it: whoever changed the body also changed that. */
function tracesOfChange(text: string, profile: ProfileName): readonly string[] {
  const envelope = envelopeOf(text)
  if (envelope === null) return ["it is not a JSON object"]
  const frames = {
    policycortex: /^\{"id":"[^"]+","type":"[^"]+","created":"[^"]+","data":\{/,
    cybervault: /^\{"id":"[^"]+","event":"[^"]+","timestamp":"[^"]+","data":\{/,
    standard: /^\{"type":"[^"]+","timestamp":"[^"]+","data":\{/,
  } as const satisfies Readonly<Record<ProfileName, RegExp>>
  if (frames[profile].test(text)) return []
  const members = Object.keys(envelope).join(", ")
  return [`the envelope is not as it is sent (members: ${members})`]
}

/** What can be told once it is known which signatures hold. */
function consequences(
  { captured }: Evidence,
  profile: ProfileName,
  own: Outcome | null,
  standard: Outcome,
  found: readonly Finding[],
): Finding[] {
  const text = captured.body.toString("utf8")
  const envelope = envelopeOf(text)
  const findings: Finding[] = []
  const id = headerValues(captured.headers, "webhook-id")[0]?.trim()
  if (
    id !== undefined &&
    typeof envelope?.id === "string" &&
    envelope.id !== id &&
    !found.some(({ code }) => code === "signed_headers_changed")
  ) {
    findings.push(finding("id_mismatch", { header: "webhook-id", details: [`${id} and ${envelope.id}`] }))
  }
  if ((own === "valid" || own === null) && standard === "valid" && !isEnvelope(envelope, profile)) {
    findings.push(finding("not_an_envelope"))
  }
  if (own === "invalid" && standard === "valid") {
    // During the overlap of a rotation webhook-signature is by both secrets, the document's header by the new one.
    const signatures = standardSignatures(headerValues(captured.headers, "webhook-signature")[0] ?? "")
    findings.push(finding("old_secret", { certain: signatures.length > 1 }))
  }
  return findings
}

function isEnvelope(envelope: Readonly<Record<string, unknown>> | null, profile: ProfileName): boolean {
  const texts = {
    policycortex: ["id", "type", "created"],
    cybervault: ["id", "event", "timestamp"],
    standard: ["type", "timestamp"],
  }
  return envelope !== null && "data" in envelope && texts[profile].every((name) => typeof envelope[name] === "string")
}

function envelopeOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}

const excerptCharacters = 24

/** Where two texts part. */
function difference(sent: string, captured: string): readonly string[] {
  let at = 0
  while (at < sent.length && at < captured.length && sent[at] === captured[at]) at++
  const excerpt = (text: string) => JSON.stringify(text.slice(at, at + excerptCharacters))
  return [`at character ${at + 1}: sent ${excerpt(sent)}, captured ${excerpt(captured)}`]
}
