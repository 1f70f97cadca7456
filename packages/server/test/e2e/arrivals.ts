import type { ReceivedRequest } from "../receiver.ts"

/** The first arrival of each event, by its id. */
export function firstArrivals(received: readonly ReceivedRequest[]): ReadonlyMap<string, ReceivedRequest> {
  const first = new Map<string, ReceivedRequest>()
  for (const each of received) {
    const id = each.header("webhook-id") ?? ""
    if (!first.has(id)) first.set(id, each)
  }
  return first
}

/** Its place in what its webhook was sent. */
export function sequenceOf(request: ReceivedRequest): number {
  const found = request.headerList.find(([name]) => name.toLowerCase().endsWith("-sequence"))
  return Number(found?.[1] ?? 0)
}

/** Where a lane's order is broken: each is the same as the one before (sent again) or a later one. */
export function disorder(lane: readonly ReceivedRequest[]): string[] {
  return lane.flatMap((each, at) => {
    const before = lane[at - 1]
    const [last, now] = [before === undefined ? 0 : sequenceOf(before), sequenceOf(each)]
    return now >= last ? [] : [`${last} then ${now}`]
  })
}
