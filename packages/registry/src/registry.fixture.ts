import { expect } from '@jest/globals'
import { RegistryError } from './errors.js'

/** The error that a promise is rejected with, which has to be ours. */
export async function failure(promise: Promise<unknown>): Promise<RegistryError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason
  )
  expect(error).toBeInstanceOf(RegistryError)
  return error as RegistryError
}
