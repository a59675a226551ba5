/**
 * Stands in for minizlib and for the compression of ws in the hook's bundle. Nothing between the hook and pods is
 * compressed, and an archive from a pod that is must not be unpacked to whatever size it likes.
 */

/** What ws looks for among the extensions that a server offers. */
export const extensionName = 'permessage-deflate'

function Refused(): never {
  throw new Error('what is compressed is not read')
}

export {
  Refused as BrotliCompress,
  Refused as BrotliDecompress,
  Refused as Gzip,
  Refused as Unzip,
  Refused as ZstdCompress,
  Refused as ZstdDecompress
}
