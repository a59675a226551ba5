/**
 * Stands in for minizlib in the hook's bundle. Archives between the hook and pods are never compressed, and one from a pod that
 * is must not be unpacked to whatever size it likes.
 */
function Refused(): never {
  throw new Error('compressed archives are not read')
}

export {
  Refused as BrotliCompress,
  Refused as BrotliDecompress,
  Refused as Gzip,
  Refused as Unzip,
  Refused as ZstdCompress,
  Refused as ZstdDecompress
}
