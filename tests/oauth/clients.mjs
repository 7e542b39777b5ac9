// oauth4webapi and jose against a running service: what they find by discovery, get, verify, ask about and revoke. They
// check what the RFCs want of an answer, so that this file only says what is asked. Called by oauth_clients.py, which
// gives the issuer, a service account with its secret and its private keys, and a user's tokens, as JSON on stdin.
import assert from 'node:assert/strict'
import { createRemoteJWKSet, importJWK, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'

const given = JSON.parse(await new Response(process.stdin).text())
const insecure = { [oauth.allowInsecureRequests]: true } // http on the loopback interface
const issuer = new URL(given.issuer)
const client = { client_id: given.client_id }

const discovered = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' })
const server = await oauth.processDiscoveryResponse(issuer, discovered)
assert.deepEqual(server.response_types_supported, ['code'])

async function grant(authentication, parameters = {}) {
  const answer = await oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, insecure)
  return oauth.processClientCredentialsResponse(server, client, answer)
}

async function introspect(authentication, token, as = client, options = {}) {
  const answer = await oauth.introspectionRequest(server, as, authentication, token, { ...insecure, ...options })
  return oauth.processIntrospectionResponse(server, as, answer)
}

// What the library throws for an OAuth error must be this one. Where there is a challenge it looks at nothing else.
async function refused(error, action) {
  const thrown = await action().then(() => assert.fail(`expected ${error}`), (reason) => reason)
  assert.equal(thrown.error ?? (await thrown.response?.json())?.error, error, `${thrown}`)
}

// RFC 9068 section 4, as a resource server checks it.
async function validated(token, audience) {
  const request = new Request('https://resource.example/', { headers: { authorization: `Bearer ${token}` } })
  return oauth.validateJwtAccessToken(server, request, audience, insecure)
}

const basic = oauth.ClientSecretBasic(given.client_secret)
const post = oauth.ClientSecretPost(given.client_secret)
const said = {}

for (const [name, authentication] of [['secret_basic', basic], ['secret_post', post]]) {
  const token = await grant(authentication, { resource: given.audience })
  const claims = await validated(token.access_token, given.audience)
  assert.equal(claims.sub, given.client_id)
  assert.equal(claims.client_id, given.client_id)
  assert.equal((await introspect(authentication, token.access_token)).active, true)
  await assert.rejects(() => validated(token.access_token, 'https://else.example'))
  said[name] = 'good'
}

for (const jwk of given.private_keys) {
  const key = await importJWK(jwk, jwk.alg)
  const token = await grant(oauth.PrivateKeyJwt(key), { resource: given.audience })
  assert.equal((await validated(token.access_token, given.audience)).sub, given.client_id)
  assert.equal((await introspect(oauth.PrivateKeyJwt(key), token.access_token)).active, true)
  said[`private_key_jwt ${jwk.alg}`] = 'good'
  // The audience is the issuer, as RFC 7523 is to be read today: the endpoint's address is not taken.
  const elsewhere = oauth.PrivateKeyJwt(key, { [oauth.modifyAssertion]: (_, payload) => { payload.aud = server.token_endpoint } })
  await refused('invalid_client', () => grant(elsewhere))
  const again = { [oauth.modifyAssertion]: (_, payload) => { payload.jti = `once-${jwk.alg}` } }
  await grant(oauth.PrivateKeyJwt(key, again))
  await refused('invalid_client', () => grant(oauth.PrivateKeyJwt(key, again)))
}

await refused('invalid_client', () => grant(oauth.ClientSecretBasic('kls_' + 'A'.repeat(64))))
await refused('invalid_target', () => grant(basic, { resource: 'https://else.example' }))
await refused('invalid_scope', () => grant(basic, { scope: 'nobody:holds-this' }))

// RFC 9701: the library verifies the signature by the server's keys; so does jose, by itself.
const token = (await grant(basic)).access_token
const answer = await oauth.introspectionRequest(server, client, basic, token, { ...insecure, requestJwtResponse: true })
const jwt = await answer.clone().text()
const told = await oauth.processIntrospectionResponse(server, client, answer)
await oauth.validateApplicationLevelSignature(server, answer, insecure)
assert.equal(told.active, true)
const keys = createRemoteJWKSet(new URL(server.jwks_uri))
const verified = await jwtVerify(jwt, keys, {
  issuer: given.issuer, audience: given.client_id, typ: 'token-introspection+jwt',
  algorithms: server.introspection_signing_alg_values_supported,
})
assert.equal(verified.payload.token_introspection.sub, given.client_id)
said['signed introspection'] = 'verified'
const access = await jwtVerify(token, keys, { issuer: given.issuer, audience: given.issuer, typ: 'at+jwt' })
assert.equal(access.payload.jti, told.jti)
said['jose and the access token'] = 'verified'

await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, basic, token, insecure))
assert.equal((await introspect(basic, token)).active, false)
said.revocation = 'ends it at once'

// The built-in client is public: it says who it is, and no more.
const first = { client_id: 'keyledger' }
const refreshed = await oauth.processRefreshTokenResponse(server, first,
  await oauth.refreshTokenGrantRequest(server, first, oauth.None(), given.refresh_token, insecure))
assert.equal((await validated(refreshed.access_token, given.issuer)).client_id, 'keyledger')
await refused('invalid_grant', async () => oauth.processRefreshTokenResponse(server, client,
  await oauth.refreshTokenGrantRequest(server, client, basic, refreshed.refresh_token, insecure)))
said.refresh = 'for the client that holds it'

console.log(JSON.stringify(said))
