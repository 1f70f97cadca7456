import { settingsWithoutKey } from "../reading/settings-without-key.ts"

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The settings as they are, but for PostgreSQL's: whoever tries to back that up shall be told so, and not that a key is
 * missing.
 */
export function settingsHere(environment: Environment): Environment {
  const postgres = environment.TOCSIN_DATABASE_URL || environment.TOCSIN_DATABASE_URL_FILE
  return postgres ? settingsWithoutKey(environment) : environment
}
