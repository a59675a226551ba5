/** The Kaniko image that is run unless somebody names another: the maintained fork, with heredocs and mounts. */
export const DEFAULT_KANIKO_IMAGE = 'ghcr.io/osscontainertools/kaniko:v1.28.3'

/** The image that pushes where credentials are needed; the variant with a shell. */
export const DEFAULT_PUSH_IMAGE = 'gcr.io/go-containerregistry/crane/debug:v0.22.1'
