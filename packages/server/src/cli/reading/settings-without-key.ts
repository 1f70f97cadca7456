type Environment = Readonly<Record<string, string | undefined>>

/**
 * The settings for what seals nothing and opens nothing: with PostgreSQL the server insists on its encryption key, which
 * whoever only moves or migrates need not know.
 */
export function settingsWithoutKey(environment: Environment): Environment {
  return { ...environment, TOCSIN_ENCRYPTION_KEY: anyKey, TOCSIN_ENCRYPTION_KEY_FILE: undefined }
}

const anyKey = Buffer.alloc(32).toString("base64")
