/** The channel that all nodes hear. */
export const channel = "tocsin"

/** Heard by one node alone. @param nodeId hexadecimal digits, which need no quoting */
export function nodeChannel(nodeId: string): string {
  return `${channel}_${nodeId}`
}
