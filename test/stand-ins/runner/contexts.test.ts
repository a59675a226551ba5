import { expect, test } from '@jest/globals'
import { defaultEvent, githubContext, githubEnv, proxyEnv, runnerContext, runnerEnv } from './contexts.js'
import { directories } from './path-map.js'

const dirs = directories('/w', '/e', 'octo/demo')

test('the github context becomes GITHUB_ variables, without token and event', () => {
  const github = githubContext(
    {
      repository: 'octo/demo',
      workflowName: 'W',
      workflowFile: '.github/workflows/w.yml',
      jobId: 'build',
      eventName: 'push',
      event: defaultEvent('octo/demo', 'mona', 'abc', 'refs/tags/v1'),
      actor: 'mona',
      sha: 'abc',
      ref: 'refs/tags/v1',
      runId: '1',
      token: 'secret'
    },
    dirs
  )
  const env = githubEnv(github)
  expect(env).toMatchObject({
    GITHUB_WORKSPACE: '/w/demo/demo',
    GITHUB_REF_TYPE: 'tag',
    GITHUB_REF_NAME: 'v1',
    GITHUB_REF_PROTECTED: 'false',
    GITHUB_REPOSITORY_OWNER: 'octo',
    GITHUB_WORKFLOW_REF: 'octo/demo/.github/workflows/w.yml@refs/tags/v1',
    GITHUB_EVENT_PATH: '/w/_temp/_github_workflow/event.json'
  })
  expect(env).not.toHaveProperty('GITHUB_TOKEN')
  expect(env).not.toHaveProperty('GITHUB_EVENT')
})

test('a pull request has a base and a head', () => {
  const facts = {
    repository: 'octo/demo',
    workflowName: 'W',
    workflowFile: 'w.yml',
    jobId: 'build',
    eventName: 'pull_request',
    event: { pull_request: { base: { ref: 'main' }, head: { ref: 'change' } } },
    actor: 'mona',
    sha: 'abc',
    ref: 'refs/pull/7/merge',
    runId: '1',
    token: 'secret'
  }
  expect(githubEnv(githubContext(facts, dirs))).toMatchObject({ GITHUB_BASE_REF: 'main', GITHUB_HEAD_REF: 'change' })
})

test('the runner context becomes RUNNER_ variables', () => {
  expect(runnerEnv(runnerContext(dirs, 'r', true))).toMatchObject({
    RUNNER_OS: 'Linux',
    RUNNER_NAME: 'r',
    RUNNER_TEMP: '/w/_temp',
    RUNNER_WORKSPACE: '/w/demo',
    RUNNER_TOOL_CACHE: '/w/_tool',
    RUNNER_DEBUG: '1'
  })
})

test('proxies are passed in both cases of letters', () => {
  expect(proxyEnv({ HTTP_PROXY: 'p', no_proxy: 'n' })).toEqual({
    HTTP_PROXY: 'p',
    http_proxy: 'p',
    NO_PROXY: 'n',
    no_proxy: 'n'
  })
})
