import { readFileSync } from "node:fs"
import tls from "node:tls"
import { afterEach, describe, expect, test } from "vitest"
import type { WebhookTls } from "../../src/domain/webhook.ts"
import type { Sender, SendResult } from "../../src/ports/sender.ts"
import { Posting } from "../../src/posting/posting.ts"
import { parseAllowedTargets } from "../../src/send/allowed-targets.ts"
import { openSender } from "../../src/send/undici-sender.ts"
import { systemClock } from "../../src/system/system-clock.ts"
import { kept } from "../kept.ts"
import { looseDh, looseRsa } from "../made-keys.ts"
import { postTo as postFor } from "../posting/posters.ts"
import { openReceiver, type Receiver } from "../receiver.ts"

function pem(file: string): string {
  return readFileSync(new URL(`../fixtures/tls/${file}`, import.meta.url), "utf8")
}
const authority = pem("authority.crt")
const identity = (name: string) => ({ key: pem(`${name}.key`), cert: pem(`${name}.crt`) })

/** `receiver.test` is this machine. */
function sender(trustedCertificates = [authority]): Sender {
  const made = openSender({
    allowedTargets: parseAllowedTargets("127.0.0.0/8"),
    lookup: async () => [{ address: "127.0.0.1", family: 4 }],
    trustedCertificates,
  })
  kept(made)
  return made
}

async function receiver(options: tls.TlsOptions): Promise<Receiver> {
  const made = await openReceiver({ tls: options })
  kept(made)
  return made
}

function post(through: Sender, target: Receiver, host = "receiver.test"): Promise<SendResult> {
  return through.send({ url: `https://${host}:${target.port}/hook`, headers: [], body: "{}", timeoutMs: 5_000 })
}

test("a verified receiver is posted to, under its own name", async () => {
  const names: (string | false | null | undefined)[] = []
  const target = await receiver({
    ...identity("receiver"),
    SNICallback: (name, done) => {
      names.push(name)
      done(null)
    },
  })
  const through = sender()
  for (const host of ["receiver.test", "receiver.test.", "127.0.0.1"]) {
    expect(await post(through, target, host), host).toMatchObject({ failure: null, response: { status: 200 } })
  }
  expect(target.received.map((request) => request.header("host"))).toEqual([
    `receiver.test:${target.port}`,
    `receiver.test.:${target.port}`,
    `127.0.0.1:${target.port}`,
  ])
  // Addresses are not sent as server names, root dots are left out.
  expect(names).toEqual(["receiver.test", "receiver.test"])
})

describe("a receiver that cannot prove who it is gets nothing", () => {
  test.each([
    ["expired", "receiver.test", "tls_expired"],
    ["wrong-host", "receiver.test", "tls_hostname"],
    ["receiver", "another.test", "tls_hostname"],
    ["receiver", "127.0.0.2", "tls_hostname"],
    ["self-signed", "receiver.test", "tls_untrusted"],
  ])("%s as %s: %s", async (name, host, code) => {
    const target = await openReceiver({ tls: identity(name), host: host === "127.0.0.2" ? host : "127.0.0.1" })
    kept(target)
    const through = sender()
    expect(await post(through, target, host)).toMatchObject({ response: null, failure: { code } })
    expect(target.received).toHaveLength(0)
    const honest = await receiver(identity("receiver"))
    expect((await post(through, honest)).response?.status).toBe(200)
  })

  test("an authority that is not trusted", async () => {
    const target = await receiver(identity("receiver"))
    const through = openSender({
      allowedTargets: parseAllowedTargets("127.0.0.0/8"),
      lookup: async () => [{ address: "127.0.0.1", family: 4 }],
    })
    kept(through)
    expect((await post(through, target)).failure?.code).toBe("tls_untrusted")
    expect(target.received).toHaveLength(0)
  })

  test("not even when the environment says not to look", async () => {
    const target = await receiver(identity("self-signed"))
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0"
    try {
      expect((await post(sender(), target)).failure?.code).toBe("tls_untrusted")
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    }
  })

  test("a certificate that was replaced by a bad one is noticed on the next connection", async () => {
    const good = await openReceiver({ tls: identity("receiver") })
    const through = sender()
    expect((await post(through, good)).response?.status).toBe(200)
    await good.close()
    const bad = await openReceiver({ tls: identity("expired"), port: good.port })
    kept(bad)
    // The first may still meet the old connection as it closes.
    const codes = [(await post(through, bad)).failure?.code, (await post(through, bad)).failure?.code]
    expect(codes[1]).toBe("tls_expired")
  })
})

describe("protocol versions", () => {
  const old = { ...identity("receiver"), ciphers: "DEFAULT:@SECLEVEL=0" }

  const { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS } = tls
  afterEach(() => Object.assign(tls, { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS }))

  test.each(["TLSv1", "TLSv1.1"] as const)("%s is refused, though the environment would have it", async (version) => {
    // As NODE_OPTIONS=--tls-min-v1.0 and an old machine's openssl.cnf set them.
    Object.assign(tls, { DEFAULT_MIN_VERSION: "TLSv1", DEFAULT_CIPHERS: "DEFAULT:@SECLEVEL=0" })
    const target = await receiver({ ...old, minVersion: version, maxVersion: version })
    // The receiver does speak it, with whoever will.
    const spoken = await new Promise<string | null>((resolve, reject) => {
      const socket = tls.connect(
        {
          host: "127.0.0.1",
          port: target.port,
          servername: "receiver.test",
          ca: authority,
          minVersion: version,
          ciphers: "DEFAULT:@SECLEVEL=0",
        },
        () => {
          resolve(socket.getProtocol())
          socket.destroy()
        },
      )
      socket.on("error", reject)
    })
    expect(spoken).toBe(version)
    const result = await post(sender(), target)
    expect(result).toMatchObject({ response: null, failure: { code: "tls_protocol" } })
    expect(target.received).toHaveLength(0)
  })

  test.each(["TLSv1.2", "TLSv1.3"] as const)("%s is spoken", async (version) => {
    const target = await receiver({ ...identity("receiver"), minVersion: version, maxVersion: version })
    expect((await post(sender(), target)).response?.status).toBe(200)
  })
})

describe("exchanges of keys", () => {
  const rsa = { client: null, authority: pem("rsa-receiver.crt") }
  const spoken = (ciphers: string) =>
    receiver({ ...identity("rsa-receiver"), maxVersion: "TLSv1.2", ciphers, dhparam: "auto" })
  const postTo = (target: Receiver) =>
    sender().send({
      url: `https://receiver.test:${target.port}/hook`,
      headers: [],
      body: "{}",
      timeoutMs: 5_000,
      tls: rsa,
    })

  test.each(["DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-SHA256", "AES128-GCM-SHA256:AES128-SHA"])(
    "%s alone, where the receiver chooses what it costs or nothing is kept secret, is refused at once",
    async (ciphers) => {
      const target = await spoken(ciphers)
      const { response, failure, durationMs } = await postTo(target)
      expect({ response, code: failure?.code }).toEqual({ response: null, code: "tls_protocol" })
      expect(durationMs).toBeLessThan(1_000)
      expect(target.received).toHaveLength(0)
    },
  )

  test("a modulus of the receiver's own making costs nothing", async () => {
    const target = await receiver({
      ...identity("rsa-receiver"),
      maxVersion: "TLSv1.2",
      ciphers: "DHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
      honorCipherOrder: true,
      dhparam: looseDh(10_000),
    })
    const { failure, durationMs } = await postTo(target)
    expect(failure).toBeNull()
    expect(durationMs).toBeLessThan(1_000)
  })

  test.each(["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-RSA-AES256-SHA384"])(
    "%s is spoken with who speaks no TLS 1.3",
    async (cipher) => {
      expect(await postTo(await spoken(cipher))).toMatchObject({ failure: null, response: { status: 200 } })
    },
  )

  test("hold for the token endpoint of an authorization too", async () => {
    const target = await receiver(identity("rsa-receiver"))
    const tokens = await spoken("DHE-RSA-AES128-GCM-SHA256")
    const posting = kept(new Posting(sender([pem("rsa-receiver.crt")]), systemClock))
    const { verdict } = await posting.post(
      ...postFor(`https://receiver.test:${target.port}/hook`, {
        authorization: {
          kind: "client_credentials",
          tokenUrl: `https://receiver.test:${tokens.port}/token`,
          clientId: "tocsin",
          clientSecret: "secret",
          scope: null,
          audience: null,
          clientAuthentication: "basic",
        },
      }),
    )
    expect(verdict).toMatchObject({ delivered: false, error: { code: "authorization_failed" } })
    expect([...tokens.received, ...target.received]).toEqual([])
  })
})

describe("certificates of a webhook's own", () => {
  const clientIdentity = { certificate: pem("client.crt"), key: pem("client.key") }
  const privateAuthority = pem("private-authority.crt")
  const strict = { ...identity("receiver"), ca: privateAuthority, requestCert: true, rejectUnauthorized: true }

  function postWith(through: Sender, target: Receiver, wish: WebhookTls | null) {
    const url = `https://receiver.test:${target.port}/hook`
    return through.send({ url, headers: [], body: "{}", timeoutMs: 5_000, tls: wish })
  }

  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "one is shown to a receiver that asks for it, over %s",
    async (version) => {
      const target = await receiver({ ...strict, minVersion: version, maxVersion: version })
      const through = sender()
      const result = await postWith(through, target, { client: clientIdentity, authority: null })
      expect(result).toMatchObject({ failure: null, response: { status: 200 } })
      const refused = await postWith(through, target, null)
      // TLS 1.2 has no alert of its own for it; and a receiver's TLS 1.3 alert is lost when it resets the connection.
      expect(refused.failure?.code).toMatch(/^(tls_client_certificate|tls_protocol|connection_reset)$/)
      expect(target.received).toHaveLength(1)
    },
  )

  test("a connection that one opened never carries the requests of others", async () => {
    const target = await receiver({ ...strict, rejectUnauthorized: false })
    const through = sender()
    for (const wish of [{ client: clientIdentity, authority: null }, null, { client: null, authority }, null]) {
      expect((await postWith(through, target, wish)).failure).toBeNull()
    }
    const [first, second, third, fourth] = target.received.map(({ connection }) => connection)
    expect(new Set([first, second, third]).size).toBe(3)
    expect(fourth).toBe(second)
  })

  test("an authority of its own is trusted for this webhook, and is the only one", async () => {
    const inPrivate = await receiver(identity("private-receiver"))
    const inPublic = await receiver(identity("receiver"))
    const through = sender()
    expect((await postWith(through, inPrivate, null)).failure?.code).toBe("tls_untrusted")
    const own = { client: null, authority: privateAuthority }
    expect(await postWith(through, inPrivate, own)).toMatchObject({ failure: null, response: { status: 200 } })
    expect((await postWith(through, inPublic, own)).failure?.code).toBe("tls_untrusted")
    expect(inPublic.received).toHaveLength(0)
  })

  test("that cannot be used fail the attempt, not the process", async () => {
    const target = await receiver(identity("receiver"))
    const through = sender()
    const broken = { client: { certificate: "no certificate", key: "no key" }, authority: null }
    expect((await postWith(through, target, broken)).failure?.code).toBe("tls_client_certificate")
    expect((await postWith(through, target, null)).failure).toBeNull()
  })

  test("that were stored before keys had a bound are not used: nobody waits for their signature", async () => {
    const target = await receiver({ ...strict, rejectUnauthorized: false })
    const through = sender()
    const began = performance.now()
    for (const wish of [
      { client: looseRsa(40_960), authority: null },
      { client: null, authority: looseRsa(16_384).certificate },
    ]) {
      const results = [await postWith(through, target, wish), await postWith(through, target, wish)]
      for (const { response, failure } of results) {
        expect({ response, code: failure?.code }).toEqual({ response: null, code: "tls_client_certificate" })
        expect(failure?.message).toMatch(/^The webhook's tls cannot be used: its \w+ must .* RSA of 2048 to 4096 bits/)
      }
    }
    // Of 40,960 bits a signature takes half a minute.
    expect(performance.now() - began).toBeLessThan(3_000)
    expect(target.received).toHaveLength(0)
    expect((await postWith(through, target, { client: clientIdentity, authority: null })).failure).toBeNull()
  })
})

test("plain HTTP where TLS is expected is no TLS, and the other way round no HTTP", async () => {
  const plain = await openReceiver()
  const secure = await receiver(identity("receiver"))
  kept(plain)
  const through = sender()
  expect((await post(through, plain)).failure?.code).toBe("tls_protocol")
  const result = await through.send({
    url: `http://receiver.test:${secure.port}/`,
    headers: [],
    body: "{}",
    timeoutMs: 5_000,
  })
  expect(result.failure?.code ?? "").toMatch(/^(connection_reset|protocol)$/)
})
