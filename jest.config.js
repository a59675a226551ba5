import { gzipSync } from 'node:zlib'

import { build } from 'esbuild'

const helper = async name => {
  const { outputFiles } = await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: [`packages/hook/src/workspace/helper/${name}.ts`],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    write: false
  })
  return outputFiles[0].text
}

const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '@actions/workflow-parser/.*-schema\\.js$': '<rootDir>/scripts/json-imports.mjs',
    '\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }]
  },
  transformIgnorePatterns: ['/node_modules/(?!@actions/workflow-parser/)'],
  modulePathIgnorePatterns: ['<rootDir>/dist/']
}

export default {
  // Half of the time a test waits, for a process or for a pause.
  maxWorkers: 4,
  // Jest's own five seconds are not much on a machine that does something else too. No test says how fast anything is.
  testTimeout: 20_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      // As the build puts it into the hook.
      globals: {
        HELPER_LISTENER: await helper('listen'),
        HELPER_PROGRAM: gzipSync(await helper('main')).toString('base64')
      },
      testMatch: [
        '<rootDir>/packages/*/src/**/*.test.ts',
        '<rootDir>/scripts/**/*.test.ts',
        '<rootDir>/test/{bench,corpus,harness,judge,stand-ins,workflows}/**/*.test.ts'
      ]
    },
    { ...shared, displayName: 'e2e', testMatch: ['<rootDir>/test/{e2e,faults}/**/*.test.ts'] }
  ]
}
