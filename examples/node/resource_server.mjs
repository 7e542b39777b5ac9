// A resource server: an API that takes access tokens of Keyledger's, as RFC 9068 says, and answers as RFC 6750 does.
//
//   ISSUER=https://accounts.example AUDIENCE=https://orders.example node resource_server.mjs
//
// GET /orders is for every application that may ask for AUDIENCE, GET /invoices for those whose user let them see the
// e-mail address. PORT is 8003 unless it is set. With ORIGIN a page of that origin may call it.
import { createServer } from 'node:http'
import { createRemoteJWKSet, errors, jwtVerify } from 'jose'

const { ISSUER, AUDIENCE, ORIGIN, PORT = '8003' } = process.env
const metadata = await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json()
if (metadata.issuer !== ISSUER) throw new Error(`${ISSUER} says that it is ${metadata.issuer}`)
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri)) // read when needed, and kept for some minutes

class Refusal extends Error {
  constructor(status, parameters = {}) {
    super(parameters.error ?? 'no token')
    this.status = status
    const said = Object.entries({ realm: AUDIENCE, ...parameters }).map(([name, value]) => `${name}="${value}"`)
    this.challenge = `Bearer ${said.join(', ')}`
  }
}

// The claims of a token that is ours to take, and has the scope, if one is needed.
async function authorize(request, scope) {
  const authorization = request.headers.authorization
  if (!authorization) throw new Refusal(401)
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)?.[1]
  if (!token) throw new Refusal(401, { error: 'invalid_token' })
  const claims = await jwtVerify(token, keys, {
    issuer: ISSUER, audience: AUDIENCE, typ: 'at+jwt', algorithms: ['ES256', 'RS256'],
    requiredClaims: ['exp', 'iat', 'sub', 'client_id', 'jti'],
  }).then(({ payload }) => payload, (error) => {
    // Whoever can't reach Keyledger says so (500), and doesn't blame the token.
    const isOfToken = error instanceof errors.JOSEError && !['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT'].includes(error.code)
    throw isOfToken ? new Refusal(401, { error: 'invalid_token' }) : error
  })
  if (scope && !claims.scope?.split(' ').includes(scope)) throw new Refusal(403, { error: 'insufficient_scope', scope })
  return claims
}

// What a page of ORIGIN may send, and read of the answer (https://fetch.spec.whatwg.org/#http-cors-protocol).
const shared = ORIGIN ? { 'Access-Control-Allow-Origin': ORIGIN, 'Access-Control-Expose-Headers': 'WWW-Authenticate', Vary: 'Origin' } : {}

const routes = {
  '/orders': async (request) => {
    const claims = await authorize(request)
    return { orders: ['a violin'], of: claims.sub, asked_by: claims.client_id }
  },
  '/invoices': async (request) => ({ invoices: [], of: (await authorize(request, 'email')).sub }),
}

createServer(async (request, response) => {
  const answer = (status, body, headers = {}) => {
    response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...shared, ...headers })
    response.end(JSON.stringify(body))
  }
  if (request.method === 'OPTIONS') return answer(200, {}, ORIGIN && { 'Access-Control-Allow-Headers': 'Authorization' })
  const route = request.method === 'GET' && Object.hasOwn(routes, request.url) && routes[request.url]
  if (!route) return answer(404, { error: 'not_found' })
  try {
    answer(200, await route(request))
  } catch (error) {
    if (error instanceof Refusal) return answer(error.status, { error: error.message }, { 'WWW-Authenticate': error.challenge })
    console.error(error)
    answer(500, { error: 'server_error' })
  }
}).listen(Number(PORT), '127.0.0.1')
