/** First come, first served; whoever is in it stays where he is when he comes again. Everything takes the same short time. */
export class Line<Member> {
  readonly #members = new Set<Member>()
  /** Goes on where it is, since a new iterator would step over all places from which somebody has left. */
  #order = this.#members.values()
  #first: Member | undefined

  get length(): number {
    return this.#members.size
  }

  has(member: Member): boolean {
    return this.#members.has(member)
  }

  join(member: Member): void {
    this.#members.add(member)
  }

  leave(member: Member): void {
    this.#members.delete(member)
    if (member === this.#first) this.#first = undefined
  }

  /** Whoever has waited longest. */
  first(): Member | undefined {
    if (this.#first === undefined && this.#members.size > 0) {
      let { value, done } = this.#order.next()
      if (done) {
        this.#order = this.#members.values()
        value = this.#order.next().value
      }
      this.#first = value
    }
    return this.#first
  }
}
