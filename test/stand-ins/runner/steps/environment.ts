import { githubEnv, runnerEnv } from '../contexts.js'
import type { Frame, JobState } from '../runner.js'

/** A step's own variables: its `env` context and the state of its action. */
export function stepEnv(frame: Frame): Record<string, string> {
  const saved = Object.entries(frame.intraState).map(([key, value]) => [`STATE_${key}`, value])
  return { ...frame.env, ...(Object.fromEntries(saved) as Record<string, string>) }
}

/** `INPUT_…`: blanks become underscores, letters upper case, everything else stays. */
export function inputEnv(inputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => [`INPUT_${key.replaceAll(' ', '_').toUpperCase()}`, value])
  )
}

/** `GITHUB_…` and `RUNNER_…` with host paths; they win over a step's own variables. */
export function contextEnv(state: JobState, frame: Frame): Record<string, string> {
  return { ...githubEnv(frame.github), ...runnerEnv(state.runner) }
}

/** What actions, not scripts, get to talk to the server. There is no server here; the addresses lead nowhere. */
export function serviceEnv(state: JobState): Record<string, string> {
  return {
    ACTIONS_RUNTIME_URL: 'https://runtime.invalid/',
    ACTIONS_RUNTIME_TOKEN: state.request.facts.token,
    ACTIONS_CACHE_URL: 'https://cache.invalid/',
    ACTIONS_RESULTS_URL: 'https://results.invalid/',
    ACTIONS_CACHE_MODE: 'readwrite',
    ACTIONS_ORCHESTRATION_ID: `stand-in.${state.request.facts.jobId}`
  }
}
