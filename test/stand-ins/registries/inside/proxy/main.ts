import type { ProxyConfig } from '../../faults.js'
import { serve } from '../serve.js'
import { RegistryProxy } from './registry-proxy.js'

/** The proxy before a registry. Argument: its configuration as JSON. */
const config = JSON.parse(process.argv[2] ?? '') as ProxyConfig
const proxy = new RegistryProxy(config)
serve(config.port, config.tls, (request, response) => proxy.serve(request, response))
serve(config.controlPort, undefined, (request, response) => void proxy.control(request, response))
