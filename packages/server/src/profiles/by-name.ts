import type { ProfileName } from "../domain/workspace.ts"
import { cybervault } from "./cybervault.ts"
import { policycortex } from "./policycortex.ts"
import type { Profile } from "./profile.ts"
import { standard } from "./standard.ts"

const profiles: Readonly<Record<ProfileName, Profile>> = { policycortex, cybervault, standard }

export function profileByName(name: ProfileName): Profile {
  return profiles[name]
}
