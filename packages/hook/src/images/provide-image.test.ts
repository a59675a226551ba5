import { expect, test } from '@jest/globals'
import * as v from 'valibot'

import type { Call } from '../job/call.js'
import type { Job } from '../job/open-job.js'
import { settingsFile } from '../settings/schema.js'
import { provideImage } from './provide-image.js'

test('an account that RUN lines are lent a token of is not the account of the build pod', async () => {
  const settings = v.parse(settingsFile, { build: { connectors: [{ name: 'ci/pull', serviceAccount: 'bases' }] } })
  const call = { settings } as unknown as Call
  const building = provideImage(call, {} as Job, '/work/Dockerfile', { serviceAccountName: 'bases' })
  await expect(building).rejects.toThrow(/\(\$build\) has the serviceAccountName bases, which is also the account of/)
})
