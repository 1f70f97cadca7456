// Written by `npm run generate -w @tocsin/client` from what the server serves; do not edit.

/** Every problem that the API answers with. */
export type ProblemCode =
  /** The body is not valid JSON. */
  | "json_malformed"
  /** The body is nested too deeply. */
  | "json_too_deep"
  /** The body has too many members. */
  | "json_too_many_members"
  /** The body names a member twice. */
  | "json_member_repeated"
  /** The request has no body. */
  | "body_missing"
  /** The request cannot be read. */
  | "request_malformed"
  /** No API key was given. */
  | "authentication_required"
  /** The API key is not known. */
  | "key_unknown"
  /** The API key has expired. */
  | "key_expired"
  /** The API key was revoked. */
  | "key_revoked"
  /** The session has ended. */
  | "session_ended"
  /** The session's cookie came from another site's page. */
  | "cross_site_request"
  /** The API key lacks a scope. */
  | "scope_missing"
  /** Only the instance's admin key may do this. */
  | "admin_key_required"
  /** This belongs to a workspace. */
  | "workspace_key_required"
  /** There is no such thing in this workspace. */
  | "not_found"
  /** There is nothing at this path. */
  | "route_unknown"
  /** This path does not take this method. */
  | "method_not_allowed"
  /** The request came too slowly. */
  | "request_timeout"
  /** Somebody else was changing the same thing. */
  | "conflict"
  /** The idempotency key was used with another content. */
  | "idempotency_conflict"
  /** The event type exists already. */
  | "event_type_exists"
  /** The event type belongs to the workspace's profile. */
  | "event_type_built_in"
  /** The webhook of this delivery was deleted. */
  | "webhook_deleted"
  /** The workspace has as many of these as it may. */
  | "workspace_full"
  /** The body is too large. */
  | "body_too_large"
  /** The event's data is too large. */
  | "data_too_large"
  /** The batch would make too many deliveries. */
  | "batch_too_wide"
  /** The body is not declared as JSON. */
  | "content_type_unsupported"
  /** Some fields are not acceptable. */
  | "validation_failed"
  /** Some query parameters are not acceptable. */
  | "query_invalid"
  /** The event type is not in the workspace's catalogue. */
  | "unknown_event_type"
  /** Only Tocsin itself publishes events of this type. */
  | "event_type_reserved"
  /** The event's data does not match its type's schema. */
  | "data_invalid"
  /** The schemas of the workspace's own types take too long. */
  | "schemas_too_slow"
  /** Too many requests with this key, or of this workspace. */
  | "rate_limited"
  /** Too many failed sign-ins from this address. */
  | "sign_in_limited"
  /** The request's headers are too large. */
  | "headers_too_large"
  /** Something failed on this side. */
  | "internal"
  /** The storage cannot take more now. */
  | "store_unavailable"
  /** The server is not ready. */
  | "not_ready"
  /** The server is stopping. */
  | "shutting_down"
