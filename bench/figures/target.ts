/** What a figure had to reach, and whether it did. */
export type Target = {
  readonly what: string
  readonly figure: number
  readonly unit: string
  readonly mustBe: "at least" | "at most"
  readonly bound: number
  readonly reached: boolean
}

export function atLeast(what: string, figure: number, bound: number, unit = ""): Target {
  return { what, figure, unit, mustBe: "at least", bound, reached: figure >= bound }
}

export function atMost(what: string, figure: number, bound: number, unit = ""): Target {
  return { what, figure, unit, mustBe: "at most", bound, reached: figure <= bound }
}
