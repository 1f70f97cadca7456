/** The one channel that nodes notify each other on. */
export const channel = "tocsin"
