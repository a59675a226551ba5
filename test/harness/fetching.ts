/** Lines of a shell that print what is at a URL: a service without a health check may listen a moment after it was started. */
export const fetching = (url: string): string =>
  `n=0; until wget -qO- "${url}" 2>/dev/null || [ $((n += 1)) -gt 50 ]; do sleep 0.2; done`
