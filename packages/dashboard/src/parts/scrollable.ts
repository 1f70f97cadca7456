/** What scrolls must be reachable by keyboard (WCAG 2.1.1), though it is not otherwise interactive. */
export const scrollable = { tabIndex: 0 } as const
