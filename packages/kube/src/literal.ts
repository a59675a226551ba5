/**
 * Keeps the kubelet from rewriting a word of `command` or `args`: it expands `$(NAME)` there, and `$$` is its escape.
 * @see https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function literal(word: string): string {
  return word.replaceAll('$', '$$$$')
}
