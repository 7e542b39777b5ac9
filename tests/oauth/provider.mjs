// oidc-provider as a provider by which people log in. Whoever comes is let in as `subject-1`, and consents, without a
// page; where it `refuses`, nobody is. Called by real_provider.hpp with its configuration as JSON;
// says {"port", "now"} on its output once it listens, and ends when its input does.
import { generateKeyPair } from 'node:crypto'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import Provider from 'oidc-provider'

const given = JSON.parse(process.argv[2])
const kinds = { RS256: ['rsa', { modulusLength: 2048 }], ES256: ['ec', { namedCurve: 'P-256' }], EdDSA: ['ed25519', {}] }

async function key(algorithm, id) {
  const { privateKey } = await promisify(generateKeyPair)(...kinds[algorithm])
  return { ...privateKey.export({ format: 'jwk' }), kid: id, alg: algorithm, use: 'sig' }
}

const client = (algorithm, authentication) => ({
  client_id: `${algorithm}-${authentication}`,
  ...(authentication.startsWith('client_secret') ? { client_secret: given.secret } : {}),
  ...(authentication === 'private_key_jwt'
    ? { jwks: { keys: given.client_keys }, token_endpoint_auth_signing_alg: algorithm } : {}),
  token_endpoint_auth_method: authentication,
  id_token_signed_response_alg: algorithm,
  redirect_uris: [given.redirect_uri],
})

const server = createServer()
await new Promise((listening) => server.listen(given.port ?? 0, '127.0.0.1', listening))
const { port } = server.address()
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: Object.keys(kinds).flatMap((algorithm) =>
    ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'].map((authentication) => client(algorithm, authentication))),
  jwks: { keys: await Promise.all(Object.keys(kinds).map((algorithm) => key(algorithm, `${algorithm}-${given.keys}`))) },
  enabledJWA: { idTokenSigningAlgValues: Object.keys(kinds), clientAuthSigningAlgValues: Object.keys(kinds) },
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
  cookies: { keys: ['of this test alone'] },
  // At the userinfo endpoint alone, as OpenID Connect Core 1.0 section 5.4 has it.
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'locale'] },
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: 'ann@example.test', email_verified: true, name: 'Ann', locale: 'de-AT' }),
  }),
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId })
    grant.addOIDCScope('openid email profile')
    await grant.save()
    return grant
  },
})
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next()
  const result = given.refuses ? { error: 'access_denied' } : { login: { accountId: 'subject-1' } }
  ctx.respond = false
  return provider.interactionFinished(ctx.req, ctx.res, result)
})
server.on('request', provider.callback())
console.log(JSON.stringify({ port, now: Date.now() }))
process.stdin.on('end', () => process.exit(0)).resume()
