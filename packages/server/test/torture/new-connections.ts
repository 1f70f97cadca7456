import { connect, type Socket } from "node:net"

const answerMaxMs = 2_000
const triedMax = 100

/**
 * Opens one connection after the other to a server and keeps them, so that each takes a descriptor of it, until one is not
 * served: closed, reset, or left without an answer.
 *
 * @returns lets all of them go
 * @throws Error when all were served: then it is short of nothing
 */
export async function untilTurnedAway(address: string): Promise<() => void> {
  const kept: Socket[] = []
  const letGo = () => {
    for (const socket of kept) socket.destroy()
  }
  for (let tried = 0; tried < triedMax; tried++) {
    const socket = connect(Number(new URL(address).port), new URL(address).hostname)
    kept.push(socket)
    if (!(await isServed(socket))) return letGo
  }
  letGo()
  throw new Error(`${triedMax} new connections were all served: it is not short of file descriptors`)
}

function isServed(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.setTimeout(answerMaxMs, () => resolve(false))
    socket.on("connect", () => socket.write("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"))
    socket.on("data", () => resolve(true))
    socket.on("error", () => resolve(false))
    socket.on("close", () => resolve(false))
  })
}
