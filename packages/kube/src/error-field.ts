/**
 * The message or code of whatever was thrown. Not by `instanceof Error`: errors of node's core are of another realm
 * when this runs in a VM context, as tests do.
 */
export function errorField(error: unknown, field: 'code' | 'message'): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const value = (error as Readonly<Record<string, unknown>>)[field]
  return typeof value === 'string' && value !== '' ? value : undefined
}
