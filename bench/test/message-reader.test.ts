import { createServer, type Socket } from "node:net"
import { expect, onTestFinished, test } from "vitest"
import { Connections } from "../load/connections.ts"
import { type Message, MessageReader } from "../load/message-reader.ts"

const first = "POST /a/hook HTTP/1.1\r\nhost: x\r\ncontent-length: 7\r\n\r\nä\r\n\r\nb"
const second = "POST /b/hook HTTP/1.1\r\nContent-Length: 0\r\n\r\n"

function told(messages: readonly Message[]): unknown {
  return messages.map(({ head, body }) => [head.split(" ")[1], body.toString()])
}

test("messages are whole however the bytes come", () => {
  const bytes = Buffer.from(first + second + first)
  for (let size = 1; size <= bytes.length; size++) {
    const messages: Message[] = []
    const reader = new MessageReader((message) => messages.push(message))
    for (let from = 0; from < bytes.length; from += size) reader.push(bytes.subarray(from, from + size))
    expect(told(messages), `in pieces of ${size}`).toEqual([
      ["/a/hook", "ä\r\n\r\nb"],
      ["/b/hook", ""],
      ["/a/hook", "ä\r\n\r\nb"],
    ])
  }
})

test("a message without a length is no message", () => {
  const reader = new MessageReader(() => expect.unreachable())
  expect(() => reader.push(Buffer.from("HTTP/1.1 200 OK\r\n\r\n"))).toThrow("without Content-Length: HTTP/1.1 200 OK")
})

/** Answers as told, by what the request's body says. */
async function server(answer: (text: string, socket: Socket) => void) {
  let connections = 0
  const made = createServer((socket) => {
    connections++
    const reader = new MessageReader(({ body }) => answer(body.toString(), socket))
    socket.on("data", (chunk: Buffer) => reader.push(chunk)).on("error", () => socket.destroy())
  })
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => void made.close())
  const address = made.address()
  if (typeof address !== "object" || address === null) throw new Error("no address")
  return { address: `http://127.0.0.1:${address.port}`, connections: () => connections }
}

const request = (body: string) => `POST / HTTP/1.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`

test("each request gets its own answer, over no more connections than were allowed", async () => {
  const { address, connections } = await server((text, socket) => {
    setTimeout(() => socket.write(request(`${text}!`)), Number(text) % 5)
  })
  const through = new Connections(address, 3)
  const answers = await Promise.all(Array.from({ length: 40 }, (_, number) => through.send(request(String(number)))))
  expect(answers.map(({ body }) => body.toString())).toEqual(Array.from({ length: 40 }, (_, number) => `${number}!`))
  expect(connections()).toBe(3)
  through.close()
})

test("a connection that ends before the answer fails its request alone", async () => {
  const { address } = await server((text, socket) => {
    if (text === "cut") socket.destroy()
    else socket.write(request("answered"))
  })
  const through = new Connections(address, 1)
  const sent = ["good", "cut", "good"].map((text) => through.send(request(text)))
  const outcomes = await Promise.allSettled(sent)
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"])
  expect(outcomes[1]).toMatchObject({ reason: { code: "ECONNRESET" } })
  through.close()
})

test("a connection that the server closes after its answer carries no other request", async () => {
  const { address, connections } = await server((_text, socket) => {
    socket.end("HTTP/1.1 503 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
  })
  const through = new Connections(address, 1)
  const answers = await Promise.all(Array.from({ length: 4 }, () => through.send(request("x"))))
  expect(answers.map(({ head }) => head.slice(9, 12))).toEqual(["503", "503", "503", "503"])
  expect(connections()).toBe(4)
  through.close()
})

test("an answer that nobody waited for ends the connection, not the count", async () => {
  const { address, connections } = await server((text, socket) => socket.write(request(text) + request("again")))
  const through = new Connections(address, 1)
  for (const text of ["one", "two"]) expect((await through.send(request(text))).body.toString()).toBe(text)
  expect(connections()).toBe(2)
  through.close()
})
