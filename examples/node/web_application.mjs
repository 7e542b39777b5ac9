// A web application with a server: people log in with Keyledger, and their tokens stay on the server. The browser holds
// the name of its session alone.
//
//   ISSUER=https://accounts.example CLIENT_ID=... CLIENT_SECRET=... node web_application.mjs
//
// Registered with application_type "web", authentication "client_secret_basic", and URL + "/callback" and URL + "/" among
// its redirect URIs (before and after log-out). URL is where browsers reach it, http://127.0.0.1:8002 unless it is set.
// With API it asks that resource server for AUDIENCE's tokens, and calls it.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import * as oidc from 'openid-client'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, AUDIENCE, API, URL: HERE = 'http://127.0.0.1:8002' } = process.env
const options = ISSUER.startsWith('http://127.0.0.1:') ? { execute: [oidc.allowInsecureRequests] } : {}
const keyledger = await oidc.discovery(new URL(ISSUER), CLIENT_ID, undefined, oidc.ClientSecretBasic(CLIENT_SECRET), options)
const secure = HERE.startsWith('https:')
const cookieName = secure ? '__Host-session' : 'session'
const sessions = new Map() // in a database, in an application that is restarted or runs twice

// Each log-in makes a new one, so that nobody can be made to use one that somebody else knows.
function begin(response, session) {
  const id = randomBytes(32).toString('base64url')
  sessions.set(id, session)
  if (sessions.size > 10000) sessions.delete(sessions.keys().next().value) // the oldest, for anybody can begin one
  response.setHeader('Set-Cookie', `${cookieName}=${id}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`)
}
function end(id) {
  const session = sessions.get(id)
  sessions.delete(id)
  return session
}
const sent = (response, address) => response.writeHead(303, { Location: String(address) }).end()
const escaped = (text) => String(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
const page = (response, body, status = 200) => response
  .writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': "default-src 'none'" })
  .end(`<!doctype html><html lang="en"><title>Orders</title>${body}</html>`)

const routes = {
  'GET /': (response, { session }) => page(response, session?.claims
    ? `<p>Hello, ${escaped(session.claims.email ?? session.claims.sub)}.<form method="post" action="/logout"><button>Log out</button></form>`
    : '<a href="/login">Log in</a>'),

  'GET /login': async (response, { id }) => {
    end(id)
    const checks = { pkceCodeVerifier: oidc.randomPKCECodeVerifier(), expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() }
    begin(response, { checks })
    sent(response, oidc.buildAuthorizationUrl(keyledger, {
      redirect_uri: `${HERE}/callback`, scope: 'openid email', state: checks.expectedState, nonce: checks.expectedNonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier), code_challenge_method: 'S256',
      ...(API && { resource: AUDIENCE }),
    }))
  },

  'GET /callback': async (response, { id, address }) => {
    const session = end(id)
    if (!session?.checks) return page(response, '<p>This log-in did not begin here. <a href="/login">Log in</a>', 400)
    const tokens = await oidc.authorizationCodeGrant(keyledger, address, session.checks)
    const claims = tokens.claims() // an access token for a resource server doesn't open userinfo
    begin(response, { claims: API ? claims : await oidc.fetchUserInfo(keyledger, tokens.access_token, claims.sub), tokens })
    sent(response, '/')
  },

  'GET /orders': async (response, { session }) => {
    if (!session?.claims) return sent(response, '/login')
    if (session.tokens.expiresIn() < 10) { // a new ID token isn't needed to go on
      session.tokens = Object.assign(await oidc.refreshTokenGrant(keyledger, session.tokens.refresh_token), { id_token: session.tokens.id_token })
    }
    const answer = await oidc.fetchProtectedResource(keyledger, session.tokens.access_token, new URL('/orders', API), 'GET')
    page(response, `<pre>${escaped(await answer.text())}</pre>`)
  },

  'POST /logout': (response, { id }) => { // the cookie is SameSite, so no other site can send this form
    const session = end(id)
    sent(response, oidc.buildEndSessionUrl(keyledger, {
      post_logout_redirect_uri: `${HERE}/`, ...(session?.tokens && { id_token_hint: session.tokens.id_token }),
    }))
  },
}

createServer(async (request, response) => {
  const address = new URL(request.url, HERE)
  const id = request.headers.cookie?.split('; ').find((each) => each.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1)
  const route = routes[`${request.method} ${address.pathname}`]
  try {
    await (route ? route(response, { id, address, session: sessions.get(id) }) : page(response, 'There is no such page.', 404))
  } catch (error) { // such as access_denied, when somebody did not agree
    console.error(error.code ?? error.name, error.message)
    page(response, `<p>That did not work: ${escaped(error.error ?? 'error')}. <a href="/login">Log in</a>`, 502)
  }
}).listen(Number(new URL(HERE).port), '127.0.0.1')
