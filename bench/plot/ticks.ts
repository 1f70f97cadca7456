/**
 * Round values from 0 up to at least `max`, for an axis.
 * @param wanted about how many steps.
 */
export function ticksUpTo(max: number, wanted: number): readonly number[] {
  if (!(max > 0)) return [0, 1]
  const rough = max / wanted
  const magnitude = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 2.5, 5, 10].map((each) => each * magnitude).find((each) => each >= rough) ?? 10 * magnitude
  const count = Math.ceil(max / step - 1e-9)
  return Array.from({ length: count + 1 }, (_, at) => Number((at * step).toPrecision(12)))
}
