import { connect, createServer, type Socket } from "node:net"

export type Between = {
  /** Of the database, through it. */
  readonly url: string
  /** The clients' ends, in the order in which they came. */
  readonly clients: readonly Socket[]
  close(): void
}

/**
 * A box between a database and its clients, as networks have them.
 *
 * @param join lets pass of a new connection what it likes, from one end to the other.
 */
export async function openBetween(url: string, join: (client: Socket, database: Socket) => void): Promise<Between> {
  const { hostname, port } = new URL(url)
  const [clients, databases]: [Socket[], Socket[]] = [[], []]
  const server = createServer((client) => {
    const database = connect(Number(port), hostname)
    clients.push(client)
    databases.push(database)
    for (const socket of [client, database]) socket.on("error", () => {})
    join(client, database)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (typeof address !== "object" || address === null) throw new Error("no address")
  const through = new URL(url)
  through.hostname = "127.0.0.1"
  through.port = String(address.port)
  return {
    url: through.href,
    clients,
    close() {
      for (const socket of [...clients, ...databases]) socket.destroy()
      server.close()
    },
  }
}
