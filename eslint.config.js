import js from '@eslint/js'
import n from 'eslint-plugin-n'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

/** Rooms of the hook, from the commands' side down. A room imports from the rooms behind it only, and none the commands. */
const ROOMS = [
  'broker',
  'images',
  'services',
  'job',
  'workspace',
  'steps',
  'pods',
  'protocol',
  'settings',
  'report',
  'files'
]
const COMMANDS = ['main', 'hook', 'run', 'prepare-job', 'run-script-step', 'run-container-step', 'cleanup-job']

const inProduct = forbidden => [
  { group: forbidden.map(name => `@kaniko-hooks/${name}`), message: 'This package lies above.' },
  { group: ['**/test/**'], message: 'The product does not import test code.' }
]

const restrict = (files, patterns) => ({ files, rules: { 'no-restricted-imports': ['error', { patterns }] } })

const LEAVING = { regex: '^\\.\\./\\.\\./\\.\\./', message: 'Leave a package by its name.' }

const layer = (name, above) => restrict([`packages/${name}/src/**/*.ts`], [...inProduct(above), LEAVING])

const room = (name, above) => {
  const files = `packages/hook/src/${name}/**/*`
  const patterns = [
    ...inProduct(['action', 'cli']),
    {
      regex: `^(\\.\\./)+(?:(?:${COMMANDS.join('|')})\\.js${above.length === 0 ? '' : `|(?:${above.join('|')})/`})`,
      message: `${name} imports only from the rooms below.`
    }
  ]
  return [
    { ...restrict([`${files}.ts`], [...patterns, LEAVING]), ignores: [`${files}.test.ts`] },
    restrict([`${files}.test.ts`], patterns)
  ]
}

export default defineConfig(
  { ignores: ['dist/', 'coverage/', '**/node_modules/'] },
  js.configs.recommended,
  { files: ['**/*.{js,mjs}'], languageOptions: { globals: { process: 'readonly' } } },
  { files: ['**/*.ts'], extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked] },
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // The Kubernetes models are classes by name; objects travel as plain JSON (docs/adrs/0002).
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'chdir', message: 'Whatever else runs in this process would be moved too.' }
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }]
    }
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    plugins: { n },
    rules: { 'n/no-process-env': 'error', 'no-console': 'error' }
  },
  {
    files: ['packages/hook/src/settings/environment.ts', 'packages/action/src/main.ts'],
    rules: { 'n/no-process-env': 'off' }
  },
  // kube and registry import no other package.
  layer('kube', ['registry', 'builder', 'hook']),
  layer('registry', ['kube', 'builder', 'hook']),
  // What a step and the hook say to each other is between them.
  layer('broker', ['kube', 'registry', 'builder', 'client', 'hook', 'action', 'cli']),
  layer('builder', ['broker', 'hook', 'client', 'action', 'cli']),
  layer('client', ['hook', 'action', 'cli']),
  layer('hook', ['action', 'cli', 'client']),
  layer('action', ['cli', 'hook']),
  layer('testing', ['builder', 'hook']),
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: ['packages/testing/**', '**/*.test.ts', '**/*.fixture.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [{ group: ['@kaniko-hooks/testing', '**/*.fixture.js'], message: 'For tests and fixtures alone.' }]
        }
      ]
    }
  },
  ...ROOMS.map((name, index) => room(name, ROOMS.slice(0, index))),
  {
    files: ['test/stand-ins/runner/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['@kaniko-hooks/*', '**/packages/**'],
              message: 'The stand-in runner shares no code with the product.'
            }
          ]
        }
      ]
    }
  }
)
