import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The API server as a pod reaches it, with the rights of its service account. */
export class Api {
  readonly host = process.env['KUBERNETES_SERVICE_HOST'] ?? ''
  readonly port = Number(process.env['KUBERNETES_SERVICE_PORT'] ?? 443)
  readonly namespace = readFileSync(`${ACCOUNT}/namespace`, 'utf8')
  readonly ca = readFileSync(`${ACCOUNT}/ca.crt`, 'utf8')
  readonly headers = { Authorization: `Bearer ${readFileSync(`${ACCOUNT}/token`, 'utf8')}` }
  readonly #agent = new Agent({ keepAlive: true, ca: this.ca })

  /** The path of the namespace's pods, or of something below them. */
  pods(...below: readonly string[]): string {
    return ['/api/v1/namespaces', this.namespace, 'pods', ...below].join('/')
  }

  /** The path of the namespace's Secrets, or of one. */
  secrets(...below: readonly string[]): string {
    return ['/api/v1/namespaces', this.namespace, 'secrets', ...below].join('/')
  }

  /** One request; any answer but a success or 404 throws with what the server said. */
  async call(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: object
  ): Promise<{ readonly found: boolean; readonly text: string }> {
    const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    // Node sends the body of a DELETE without its length unless told.
    const type = sent === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': sent.length }
    return new Promise((resolve, reject) => {
      const { host, port, headers } = this
      const options = { host, port, method, path, agent: this.#agent }
      const asked = request({ ...options, headers: { ...headers, ...type } }, response => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('error', reject)
        response.on('end', () => {
          const status = response.statusCode ?? 0
          if (status < 400 || status === 404) resolve({ found: status < 400, text })
          else reject(new Error(`${method} ${path}: ${status} ${text}`))
        })
      })
      asked.on('error', reject)
      asked.end(sent)
    })
  }

  /** Ends the kept connection, so that the process can exit. */
  close(): void {
    this.#agent.destroy()
  }
}
