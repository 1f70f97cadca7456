import { asId } from "../../domain/ids.ts"
import type { Workspace } from "../../domain/workspace.ts"
import type { ApiParts } from "../api-parts.ts"
import { Problem } from "../problems.ts"

/** @throws Problem `not_found` */
export function foundWorkspace({ registry }: Pick<ApiParts, "registry">, id: string): Workspace {
  const workspace = registry.workspace(asId(id))
  if (!workspace) throw new Problem("not_found", { detail: "No workspace has this id." })
  return workspace
}
