// What is read and thrown away of a body that nobody wanted, so that the client gets to read our answer.
export const DRAIN_BYTES: number = 1024 * 1024;
export const DRAIN_MS = 2000;
