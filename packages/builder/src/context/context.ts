/** Something that will be sent to the builder. Paths are relative to the context, with `/`, without `./`. */
export type ContextEntry =
  | {
      readonly kind: 'file'
      readonly path: string
      readonly mode: number
      readonly mtimeMs: number
      readonly size: number
      /** Of its content, in hex. What is sent later must be the same. */
      readonly sha256: string
      /** The path in the context where the content lies, if that is another one. */
      readonly source?: string
    }
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number; readonly mtimeMs: number }
  | {
      readonly kind: 'symlink'
      readonly path: string
      readonly mode: number
      readonly mtimeMs: number
      readonly target: string
    }

/** A text that stands in the Dockerfile and that the builder needs as a file. */
export interface InlineFile {
  /** Relative to what was unpacked, see `PACKED`. */
  readonly path: string
  readonly mode: number
  readonly content: string
}

/** A build context as it was found: what will be sent, in a fixed order, with parents before their children. */
export interface Context {
  /** Absolute path of the directory, without links. */
  readonly directory: string
  /** Path of the Dockerfile in it. It is sent beside the context, and is an entry too unless it is ignored. */
  readonly dockerfile: string
  readonly dockerfileText: string
  /** What is sent in place of the text, which is not all of it: the bytes are not UTF-8. */
  readonly dockerfileBytes?: Buffer
  readonly entries: readonly ContextEntry[]
  /** Files of the Dockerfile itself, which are sent beside the context: COPY of the whole context does not take them along. */
  readonly inlineFiles?: readonly InlineFile[]
  /** The Dockerfile as its author wrote it, where `dockerfileText` was rewritten. Instructions are in lines of the same number. */
  readonly authorText?: string
  /** Sentences about what cannot be sent and was left out: sockets, pipes, devices. */
  readonly warnings: readonly string[]
}
