export { mintedMs } from "../../domain/ids.ts"

/** Ids are minted a moment before or after their record's own time is taken, and never go back with the clock. */
export const mintSlackMs = 10_000
