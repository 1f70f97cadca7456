/** The one channel that nodes notify each other on. */
export const channel = "tocsin"

/** PostgreSQL takes payloads below 8,000 bytes. */
export const payloadMaxBytes = 7_900
