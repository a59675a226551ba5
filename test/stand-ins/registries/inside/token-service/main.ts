import { readFileSync } from 'node:fs'

import type { TokenServiceConfig } from '../../token-rules.js'
import { serve } from '../serve.js'
import { TokenService } from './token-service.js'

/** The service that gives tokens for a registry, and the way to that registry. Argument: a file with its configuration as JSON. */
const config = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as TokenServiceConfig
const service = new TokenService(config)
serve(config.port, config.tls, (request, response) => service.serve(request, response))
