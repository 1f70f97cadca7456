import type { Dispatcher } from "undici"
import type { FailureCode, HeaderList } from "../domain/delivery.ts"
import type { SendResult } from "../ports/sender.ts"
import { asSendFailure, SendFailure } from "./failure-codes.ts"
import { ResponseBody, responseBytesMax } from "./response-body.ts"

/** An honest receiver sends one or two 1xx responses before the real one. */
const interimResponsesMax = 16

/** Sendings that came to nothing before a byte was written, after which it is the receiver's doing. */
const unsentMax = 3

/**
 * One POST on its way: the callbacks of undici's `dispatch`, gathered into one result. `dispatch` rather than
 * `request`, whose stream and promises cost a fifth more per POST.
 *
 * Never sent twice: a connection that closes once the request was written is a failed attempt, even if it had been
 * idle before, since the receiver may have acted on the request. The engine then decides, and its log shows both
 * attempts. Only a request of which nothing was written (undici had it waiting for an idle connection that turned out
 * to be closed) is dispatched again.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #startedAtMs = performance.now()
  readonly #timeoutMs: number
  readonly #dispatch: (handler: Exchange) => void
  readonly #settle: (result: SendResult) => void
  readonly #deadline: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | null = null
  #settled = false
  #unsent = 0
  #interimResponses = 0
  #status = 0
  #headers: HeaderList = []
  #body: ResponseBody | null = null

  /**
   * @param timeoutMs from now to the last byte of the response.
   * @param dispatch hands this exchange to undici.
   * @param settle called once.
   */
  constructor(timeoutMs: number, dispatch: (handler: Exchange) => void, settle: (result: SendResult) => void) {
    this.#timeoutMs = timeoutMs
    this.#dispatch = dispatch
    this.#settle = settle
    this.#deadline = setTimeout(expire, timeoutMs, this)
  }

  start(): void {
    this.#dispatch(this)
  }

  expire(): void {
    this.#fail("timeout", `${this.#lacking()} within ${this.#timeoutMs} ms`)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // The deadline passed while it waited for a connection. Thrown rather than aborted: undici then drops this request
    // alone and keeps the connection, which it would otherwise close.
    if (this.#settled) throw new SendFailure("timeout", "The deadline passed before the request could be written")
    this.#controller = controller
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) {
      this.#interimResponses += 1
      if (this.#interimResponses > interimResponsesMax) this.#fail("protocol", "Too many interim (1xx) responses")
      return
    }
    this.#status = status
    this.#headers = headerList(controller.rawHeaders)
    this.#body = new ResponseBody(contentCoding(this.#headers), {
      complete: () => this.#end(null),
      tooLarge: () => this.#fail("response_too_large", `The response is longer than ${responseBytesMax / 1024} KiB`),
      undecodable: () => this.#fail("protocol", "The response's body does not fit its Content-Encoding"),
    })
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.take(chunk)
  }

  onResponseEnd(): void {
    // Nothing left to abort; and the connection may be serving another request before decompression has ended.
    this.#controller = null
    this.#body?.finish()
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#settled) return
    const failure = asSendFailure(error, this.#body !== null)
    const fromWaiting = this.#controller === null && !(error instanceof SendFailure) && failure.code !== "internal"
    if (fromWaiting && ++this.#unsent < unsentMax) {
      // Later, since undici is still taking its queue apart.
      setImmediate(() => {
        if (!this.#settled) this.#dispatch(this)
      })
      return
    }
    this.#fail(failure.code, failure.message)
  }

  #lacking(): string {
    if (this.#body !== null) return "The response did not end"
    return this.#controller === null ? "No connection could be made" : "No response came"
  }

  #fail(code: FailureCode, message: string): void {
    if (this.#settled) return
    this.#end({ code, message })
    // After settling, because undici reports the abort back as an error.
    this.#controller?.abort(new SendFailure(code, message))
  }

  #end(failure: SendResult["failure"]): void {
    if (this.#settled) return
    this.#settled = true
    clearTimeout(this.#deadline)
    this.#body?.drop()
    this.#settle({
      durationMs: performance.now() - this.#startedAtMs,
      response: this.#body === null ? null : { status: this.#status, headers: this.#headers, body: this.#body.text() },
      failure,
    })
  }
}

/** One function for all timers: a closure per request would be one more object to collect. */
function expire(exchange: Exchange): void {
  exchange.expire()
}

/** Names in lower case, duplicates kept, values byte for byte (RFC 9110 §5.5 has them in ISO 8859-1 at most). */
function headerList(raw: Dispatcher.DispatchController["rawHeaders"]): HeaderList {
  if (!Array.isArray(raw)) return []
  const list: [string, string][] = []
  for (let index = 0; index + 1 < raw.length; index += 2) {
    list.push([latin1(raw[index]).toLowerCase(), latin1(raw[index + 1])])
  }
  return list
}

function latin1(bytes: Buffer | string | undefined): string {
  return typeof bytes === "string" ? bytes : (bytes?.toString("latin1") ?? "")
}

function contentCoding(headers: HeaderList): string | null {
  const codings = headers.filter(([name]) => name === "content-encoding")
  return codings.length === 1 ? (codings[0]?.[1] ?? null) : null
}
