/** What the main step leaves for the post step. No secret is among it. */
export const STATE = {
  /** Set by the main step: one program is both. */
  isPost: 'isPost',
  /** Who builds. */
  backend: 'backend',
  /** The build that runs; empty after its end. */
  build: 'build'
} as const
