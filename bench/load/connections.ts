import { connect, type Socket } from "node:net"
import { type Message, MessageReader } from "./message-reader.ts"

/** The server closes the connection after this answer (RFC 9112 §9.6). */
const lastOne = /\r\nconnection: *close/i

type Request = {
  readonly text: string
  readonly resolve: (answer: Message) => void
  readonly reject: (error: Error) => void
}

/** Connections to one server that are kept open, each with one request at a time; further requests wait. */
export class Connections {
  readonly #host: string
  readonly #port: number
  readonly #max: number
  readonly #idle: Connection[] = []
  readonly #all = new Set<Connection>()
  readonly #waiting: Request[] = []

  /** @param address `http://127.0.0.1:1234`. */
  constructor(address: string, max: number) {
    const { hostname, port } = new URL(address)
    this.#host = hostname
    this.#port = Number(port)
    this.#max = max
  }

  /** @param text the whole request. @throws Error when the connection ends before the answer. */
  send(text: string): Promise<Message> {
    return new Promise((resolve, reject) => {
      const request = { text, resolve, reject }
      const free = this.#idleOne() ?? (this.#all.size < this.#max ? this.#open() : null)
      if (free === null) this.#waiting.push(request)
      else free.carry(request)
    })
  }

  close(): void {
    for (const connection of this.#all) connection.end()
  }

  /** One that the server has not begun to close. */
  #idleOne(): Connection | undefined {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) if (idle.open()) return idle
    return undefined
  }

  #open(): Connection {
    const connection = new Connection(connect({ host: this.#host, port: this.#port, noDelay: true }), {
      free: () => {
        const next = this.#waiting.shift()
        if (next === undefined) this.#idle.push(connection)
        else connection.carry(next)
      },
      gone: () => {
        this.#all.delete(connection)
        const at = this.#idle.indexOf(connection)
        if (at !== -1) this.#idle.splice(at, 1)
        const next = this.#waiting.shift()
        if (next !== undefined) this.#open().carry(next)
      },
    })
    this.#all.add(connection)
    return connection
  }
}

class Connection {
  readonly #socket: Socket
  #request: Request | null = null

  constructor(socket: Socket, on: { readonly free: () => void; readonly gone: () => void }) {
    this.#socket = socket
    let failure: Error = Object.assign(new Error("the connection was closed before the answer"), { code: "ECONNRESET" })
    const reader = new MessageReader((answer) => {
      const request = this.#request
      this.#request = null
      if (request === null) throw new Error("an answer came that nobody waited for")
      request.resolve(answer)
      if (lastOne.test(answer.head)) socket.end()
      else on.free()
    })
    socket.on("data", (chunk: Buffer) => {
      try {
        reader.push(chunk)
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)))
      }
    })
    socket.on("error", (error) => {
      failure = error
    })
    socket.on("close", () => {
      on.gone()
      this.#request?.reject(failure)
    })
  }

  open(): boolean {
    return this.#socket.readyState === "open"
  }

  carry(request: Request): void {
    this.#request = request
    this.#socket.write(request.text)
  }

  end(): void {
    this.#socket.end()
  }
}
