/**
 * The settings as they are, for commands that run beside a server: whoever backs up PostgreSQL's nodes by mistake shall be
 * told so, and not that a key is missing.
 */
export function settingsHere(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  if (!environment.TOCSIN_DATABASE_URL) return environment
  return { ...environment, TOCSIN_ENCRYPTION_KEY: environment.TOCSIN_ENCRYPTION_KEY || anyKey }
}

const anyKey = Buffer.alloc(32).toString("base64")
