import type { V1Job, V1Pod } from '@kubernetes/client-node'

/** The pod that the controller makes for a Job of one try. */
export function podOfJob(job: V1Job): V1Pod {
  const { name = '', namespace = '', uid = '' } = job.metadata ?? {}
  const template = job.spec?.template
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    ...template,
    metadata: {
      ...template?.metadata,
      name: `${name}-x7k2p`,
      namespace,
      labels: { ...template?.metadata?.labels, 'job-name': name },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true }]
    }
  }
}
