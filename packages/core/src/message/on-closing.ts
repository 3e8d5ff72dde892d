// How whoever goes on for long learns that the server closes.

/** Calls back when the server takes no more requests; gives what takes that back. */
export type OnClosing = (tell: () => void) => () => void;
