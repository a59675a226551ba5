/** The hook's attention to a step. */
export interface Attention {
  /**
   * Ends it: builds that go on are aborted and their pods removed. To be awaited before the step's files are brought back. Never
   * throws, and takes a moment for a step that was over in a second.
   */
  close(): Promise<void>
}
