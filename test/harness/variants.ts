/** Whether everything is tried in every way, which takes hours: `npm run test:long`. */
const IN_LONG_RUN = process.env['TEST_LENGTH'] === 'long'

/**
 * The variants of a test. A variant is always tried when only it can show a fault: another mode, another way through the
 * hook's code, another answer of the cluster. What differs from it by degree, or by what unit tests show as well, waits for the
 * long run.
 *
 * @param always tried by `npm test` too
 * @param inLongRun tried besides by `npm run test:long`
 */
export function variants<T>(always: readonly T[], inLongRun: readonly T[]): readonly T[] {
  return IN_LONG_RUN ? [...always, ...inLongRun] : always
}
