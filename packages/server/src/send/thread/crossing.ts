import Type from "typebox"
import { Compile } from "typebox/compile"
import { failureCodes, type HeaderList } from "../../domain/delivery.ts"
import type { WebhookTls } from "../../domain/webhook.ts"
import type { SendRequest, SendResult } from "../../ports/sender.ts"
import { type Tape, TapeReader } from "../../threads/tape.ts"

/** Requests on their way to the sending thread, and results on their way back: many in one message. */
export type NumberedRequest = { readonly id: number; readonly request: SendRequest }
export type NumberedResult = { readonly id: number; readonly result: SendResult }

const Tls = Compile(
  Type.Object({
    client: Type.Union([Type.Object({ certificate: Type.String(), key: Type.String() }), Type.Null()]),
    authority: Type.Union([Type.String(), Type.Null()]),
  }),
)
const FailureCodes = Compile(Type.Enum(failureCodes))

/** So many sets of certificates are kept as they were read: `Agents` knows them again by the object. */
const rememberedTls = 512

export class RequestWriter {
  /** Certificates, which few webhooks have, cross as JSON that is made once. */
  readonly #tlsTexts = new WeakMap<WebhookTls, string>()

  write(tape: Tape, { id, request }: NumberedRequest): void {
    const { url, timeoutMs, tls, body, headers } = request
    tape.push(id, url, timeoutMs, tls === null || tls === undefined ? null : this.#textOf(tls), body)
    writeHeaders(tape, headers)
  }

  #textOf(tls: WebhookTls): string {
    let text = this.#tlsTexts.get(tls)
    if (text === undefined) {
      // Checked on this side, where a mistake is that of one delivery and not of the thread.
      text = JSON.stringify(Tls.Parse(tls))
      this.#tlsTexts.set(tls, text)
    }
    return text
  }
}

export class RequestReader {
  readonly #tls = new Map<string, WebhookTls>()

  read(tape: Tape, take: (numbered: NumberedRequest) => void): void {
    const read = new TapeReader(tape)
    while (!read.ended()) {
      const id = read.number()
      const url = read.text()
      const timeoutMs = read.number()
      const tls = read.textOrNull()
      const body = read.text()
      const headers = readHeaders(read)
      take({ id, request: { url, timeoutMs, tls: tls === null ? null : this.#tlsIn(tls), body, headers } })
    }
  }

  #tlsIn(text: string): WebhookTls {
    let tls = this.#tls.get(text)
    if (tls === undefined) {
      tls = Tls.Parse(JSON.parse(text))
      if (this.#tls.size >= rememberedTls) this.#tls.clear()
      this.#tls.set(text, tls)
    }
    return tls
  }
}

export function writeResult(tape: Tape, { id, result }: NumberedResult): void {
  const { durationMs, failure, response } = result
  tape.push(id, durationMs)
  if (failure === null) tape.push(null)
  else tape.push(failure.code, failure.message)
  if (response === null) tape.push(null)
  else {
    tape.push(response.status, response.body)
    writeHeaders(tape, response.headers)
  }
}

export function readResults(tape: Tape, take: (numbered: NumberedResult) => void): void {
  const read = new TapeReader(tape)
  while (!read.ended()) {
    const id = read.number()
    const durationMs = read.number()
    const code = read.textOrNull()
    const failure = code === null ? null : { code: FailureCodes.Parse(code), message: read.text() }
    const status = read.numberOrNull()
    const response = status === null ? null : { status, body: read.text(), headers: readHeaders(read) }
    take({ id, result: { durationMs, failure, response } })
  }
}

function writeHeaders(tape: Tape, headers: HeaderList): void {
  tape.push(headers.length)
  for (const [name, value] of headers) tape.push(name, value)
}

function readHeaders(read: TapeReader): HeaderList {
  const headers: [string, string][] = []
  for (let left = read.number(); left > 0; left--) headers.push([read.text(), read.text()])
  return headers
}
