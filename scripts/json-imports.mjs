/**
 * A transform for Jest. @actions/workflow-parser imports JSON without an import attribute, of which Jest complains once for
 * each test file.
 */
export default {
  process: text => ({ code: text.replaceAll(/^(import .* from "[^"]*\.json");$/gm, "$1 with { type: 'json' };") })
}
