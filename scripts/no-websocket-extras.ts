/**
 * Stands in for two parts of ws in the hook's bundle that no exec needs: listeners as a browser has them, and the headers
 * that agree on extensions. None is offered, so ws refuses a server that has one before it would read which.
 */
function refused(): never {
  throw new Error('the hook has no WebSocket extensions and no browser events')
}

export const EventTarget = { addEventListener: refused, removeEventListener: refused }

export { refused as format, refused as parse }
