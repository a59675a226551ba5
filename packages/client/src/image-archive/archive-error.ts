/** What is wrong with an archive of an image; the message is the end of a sentence. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError'
}
