import js from '@eslint/js'
import n from 'eslint-plugin-n'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

/** A room may import only the rooms on its right: kube and registry know nobody (DESIGN §3). */
const layer = (room, forbidden) => ({
  files: [`packages/${room}/src/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          { group: forbidden.map(name => `@kaniko-hooks/${name}`), message: `${room} may not know this room.` },
          { group: ['**/test/**'], message: 'The product does not import test code.' },
          { regex: '^\\.\\./\\.\\./\\.\\./', message: 'Leave a room by its package name.' }
        ]
      }
    ]
  }
})

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
      // The Kubernetes models are classes by name; objects travel as plain JSON (DESIGN decision 2).
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
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
  { files: ['packages/hook/src/settings/environment.ts'], rules: { 'n/no-process-env': 'off' } },
  layer('kube', ['registry', 'builder', 'hook']),
  layer('registry', ['kube', 'builder', 'hook']),
  layer('builder', ['hook']),
  layer('hook', ['action', 'cli']),
  {
    files: ['test/runner/**/*.ts'],
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
