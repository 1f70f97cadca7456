/** The caller has to correct the command line, or a file that it names. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = "UsageError"
  }
}

/** What was asked for could not be done. */
export class Failed extends Error {
  readonly exit: "failed" | "unreachable" | "refused"

  constructor(message: string, exit: Failed["exit"] = "failed", options?: ErrorOptions) {
    super(message, options)
    this.name = "Failed"
    this.exit = exit
  }
}
