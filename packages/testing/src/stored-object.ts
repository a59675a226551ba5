/** An object as the API server keeps it: plain JSON. */
export interface StoredObject {
  readonly kind?: string
  metadata: StoredMetadata
  status?: unknown
}

export interface StoredMetadata {
  readonly name: string
  readonly uid: string
  readonly labels?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly { readonly uid: string }[]
  deletionTimestamp?: unknown
  deletionGracePeriodSeconds?: unknown
}
