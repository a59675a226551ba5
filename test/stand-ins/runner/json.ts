/** A JSON value, read-only. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject

/** A JSON object. Keys keep their order and their case. */
export interface JsonObject {
  readonly [key: string]: Json
}

/** True for an object that is neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
