import type { CallOptions, Connection } from "../http/connection.ts"
import { Listing, type PageQuery } from "../http/listing.ts"
import { path } from "../http/path.ts"
import type { CreatedWorkspace, NewWorkspace, Workspace, WorkspaceChange } from "../wire/workspace.ts"

/** Needs the instance's admin key. */
export class Workspaces {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** @returns the workspace with its first API key, shown only this once. */
  create(workspace: NewWorkspace, { signal }: CallOptions = {}): Promise<CreatedWorkspace> {
    const body = JSON.stringify(workspace)
    return this.#connection.object({ method: "POST", path: "/v1/workspaces", body, repetition: "once", signal })
  }

  list(query: PageQuery = {}, options: CallOptions = {}): Listing<Workspace> {
    return new Listing(this.#connection, "/v1/workspaces", query, options)
  }

  get(id: string, { signal }: CallOptions = {}): Promise<Workspace> {
    return this.#connection.object({
      method: "GET",
      path: path`/v1/workspaces/${id}`,
      repetition: "repeatable",
      signal,
    })
  }

  update(id: string, change: WorkspaceChange, { signal }: CallOptions = {}): Promise<Workspace> {
    const body = JSON.stringify(change)
    return this.#connection.object({
      method: "PATCH",
      path: path`/v1/workspaces/${id}`,
      body,
      repetition: "once",
      signal,
    })
  }

  /** With everything in it. */
  delete(id: string, { signal }: CallOptions = {}): Promise<void> {
    return this.#connection.nothing({ method: "DELETE", path: path`/v1/workspaces/${id}`, repetition: "once", signal })
  }
}
