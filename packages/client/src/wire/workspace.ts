export type ProfileName = "policycortex" | "cybervault" | "standard"

export type Workspace = {
  readonly id: string
  readonly name: string
  /** The face it shows to receivers: catalogue, envelope, headers, defaults. For good. */
  readonly profile: ProfileName
  readonly engine_version: string | null
  readonly created: string
}

export type NewWorkspace = {
  readonly name: string
  readonly profile: ProfileName
  /** Stated in CyberVault's envelope. */
  readonly engine_version?: string | null | undefined
}

export type WorkspaceChange = {
  readonly name?: string | undefined
  readonly engine_version?: string | null | undefined
}

/** `api_key.key` is shown only this once. */
export type CreatedWorkspace = Workspace & { readonly api_key: { readonly id: string; readonly key: string } }
