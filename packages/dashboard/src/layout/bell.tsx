/** The sign of the house: an alarm bell. */
export function Bell({ size = 28 }: { size?: number }) {
  return <img src="/favicon.svg" width={size} height={size} alt="" />
}
