export type JsonObject = { readonly [name: string]: unknown }

export type EventType = {
  readonly name: string
  readonly group: string
  readonly description: string
  /** When the data states none. */
  readonly severity: string | null
  /** JSON Schema of `data`; null accepts any object. */
  readonly schema: JsonObject | null
  readonly sample: JsonObject | null
  /** Where in `data` filters find each attribute, first hit first. */
  readonly attribute_paths: {
    readonly severity?: readonly string[]
    readonly environment?: readonly string[]
    readonly cloud_provider?: readonly string[]
    readonly resource_id?: readonly string[]
  }
  /**
   * `profile`: built in. `workspace`: registered, and free to be changed. `tocsin`: what Tocsin tells of its own work; only
   * webhooks that name it get it.
   */
  readonly origin: "profile" | "workspace" | "tocsin"
}

export type EventTypeSettings = {
  readonly group?: string | undefined
  readonly description?: string | undefined
  readonly severity?: string | null | undefined
  readonly schema?: JsonObject | null | undefined
  readonly sample?: JsonObject | null | undefined
}

export type NewEventType = EventTypeSettings & { readonly name: string }
