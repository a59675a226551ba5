/** Registries that are known by their name, and how images leave them when their API does not delete. */
const SERVICES: readonly (readonly [host: RegExp, advice: string])[] = [
  [
    /^ghcr\.io$/,
    "GHCR deletes only by GitHub's packages API (DELETE /orgs/ORG/packages/container/NAME/versions/ID): run " +
      'actions/delete-package-versions on a schedule'
  ],
  [/^(\d+\.dkr[.-]ecr\..+|public\.ecr\.aws)$/, 'give the ECR repository a lifecycle policy'],
  [/^(docker\.io|registry-1\.docker\.io)$/, 'delete its tags in Docker Hub, or by the API of hub.docker.com'],
  [/(\.pkg\.dev|^gcr\.io|\.gcr\.io)$/, 'give the Artifact Registry repository a cleanup policy'],
  [/\.azurecr\.(io|cn|us)$/, 'run `acr purge` in a scheduled task, or give the registry a retention policy'],
  [/^quay\.io$/, 'give the Quay repository an auto-prune policy'],
  [/^registry\.gitlab\.com$/, 'give the GitLab project a cleanup policy for its container registry']
]

/** The same for a registry that is not known by its name. */
const OTHERS =
  'switch deletion on in the registry (distribution: REGISTRY_STORAGE_DELETE_ENABLED=true) or give it a retention policy'

/** What a registry service offers in the place of deletion by the distribution API: a clause without a full stop. */
export function serviceAdvice(host: string): string | undefined {
  return SERVICES.find(([pattern]) => pattern.test(host.toLowerCase()))?.[1]
}

/** What to do about images in a registry that does not delete them: a clause without a full stop. */
export function retentionAdvice(host: string): string {
  return serviceAdvice(host) ?? OTHERS
}
