// What every part may know of the text that binds a session to a device: whether it does. What else it says is the layer's.

/** How the text of an offer begins, which binds nothing yet. */
export const OFFER_PREFIX = "offer ";

/** Whether a text binds its session to a device. One that cannot be read does, so that damage opens nothing. */
export function isBound(text: string | undefined): boolean {
  return text !== undefined && !text.startsWith(OFFER_PREFIX);
}
