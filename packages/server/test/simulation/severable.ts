/**
 * Stands before an object of the outside world as one process sees it. Once severed, the process is dead: nothing
 * it calls has an effect any more, and nothing it waits for comes.
 */
export function severable<Outside extends object>(outside: Outside): { readonly seen: Outside; sever(): void } {
  let severed = false
  const never = new Promise<never>(() => {})
  const seen = new Proxy(outside, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== "function") return member
      return (...args: unknown[]) => {
        if (severed) return never
        const result: unknown = Reflect.apply(member, target, args)
        if (!(result instanceof Promise)) return result
        return result.then(
          (value: unknown) => (severed ? never : value),
          (error: unknown) => (severed ? never : Promise.reject(error)),
        )
      }
    },
  })
  return {
    seen,
    sever() {
      severed = true
    },
  }
}
