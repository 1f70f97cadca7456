/** The dashboard's own paths; a test holds them to its router's. */
export const dashboardPaths = [
  "/",
  "/sign-in",
  "/settings",
  "/settings/*",
  "/deliveries",
  "/deliveries/*",
  "/events",
  "/events/*",
  "/event-types",
  "/event-types/*",
  "/api-keys",
  "/audit-log",
  "/reference",
] as const
