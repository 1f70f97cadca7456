import { expect, test } from "vitest"
import { maskedHeader } from "../../src/domain/credential-headers.ts"

test.each([
  ["Authorization", "anything"],
  ["X-Api-Key", "4711"],
  ["X-JWT", "anything"],
  ["X-Pass", "hunter22"],
  ["Client-Access", "4711"],
  ["X-Team", "Bearer abc"],
  ["X-Team", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"],
  ["X-Team", "ghp_0123456789"],
  ["X-Team", "AKIAIOSFODNN7EXAMPLE"],
])("%s: %s is taken for a credential", (name, value) => {
  expect(maskedHeader(name, value)).toBe("********")
})

test.each([
  ["X-Team", "platform"],
  ["X-Compass", "north"],
  ["Accessibility", "high"],
  ["X-Source", "tocsin-production-eu-west-1"],
  ["Monkey", "business"],
])("%s: %s is shown", (name, value) => {
  expect(maskedHeader(name, value)).toBe(value)
})
