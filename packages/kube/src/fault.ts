/** Who has to act: the workflow's author, whoever configured the runners, or whoever runs the cluster. */
export type Fault = 'user' | 'configuration' | 'cluster'
