/** A part of the settings that names connectors, for messages about what it lacks. */
export interface ConnectorUse {
  /** In the middle of a sentence. */
  readonly name: string
  /** The example file with the rights that it needs. */
  readonly rights: string
}

export const DESTINATION: ConnectorUse = { name: 'the connector destination', rights: 'examples/connector-rbac.yaml' }

export const STEPS: ConnectorUse = { name: 'the setting broker.pushTo', rights: 'examples/connector-rbac.yaml' }

export const BASE_IMAGES: ConnectorUse = {
  name: 'the setting build.connectors',
  rights: 'examples/connector-bases-rbac.yaml'
}
