// A single-page application: there is no server of its own and no secret, and nothing is built. Any server of files does,
// with settings.json as it was registered:
//
//   npm ci && python3 -m http.server --bind 127.0.0.1 8001
//
// Registered with application_type "spa", authentication "none" and this page's address, without anything behind the path,
// as redirect URI before and after log-out. The service then lets this page's origin call.
// Tokens stay in this page's memory: what is stored can be read by whatever script gets into the page, later, too. After a
// reload the browser is sent for a new code, and comes back at once where its user is still logged in.
import * as oauth from './node_modules/oauth4webapi/build/index.js'

const settings = await (await fetch('settings.json')).json()
const here = location.origin + location.pathname
const client = { client_id: settings.client_id }
const options = settings.issuer.startsWith('http://127.0.0.1:') ? { [oauth.allowInsecureRequests]: true } : {}
const server = await oauth.processDiscoveryResponse(new URL(settings.issuer),
  await oauth.discoveryRequest(new URL(settings.issuer), options))
let tokens, claims

// `prompt` is "none" to come back without a log-in where nobody is logged in.
async function logIn(prompt) {
  const checks = { state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce(), verifier: oauth.generateRandomCodeVerifier() }
  sessionStorage.setItem('checks', JSON.stringify(checks)) // of this tab, until it comes back
  const address = new URL(server.authorization_endpoint)
  address.search = new URLSearchParams({
    client_id: client.client_id, response_type: 'code', redirect_uri: here, scope: 'openid email', resource: settings.audience,
    state: checks.state, nonce: checks.nonce, code_challenge: await oauth.calculatePKCECodeChallenge(checks.verifier),
    code_challenge_method: 'S256', ...(prompt && { prompt }),
  })
  location.assign(address)
}

async function comeBack() {
  const address = new URL(location.href)
  const checks = JSON.parse(sessionStorage.getItem('checks') ?? '{}')
  sessionStorage.removeItem('checks')
  history.replaceState(null, '', here) // nor does the code stay in the address
  const parameters = oauth.validateAuthResponse(server, client, address, checks.state) // with iss and state
  const answer = await oauth.authorizationCodeGrantRequest(server, client, oauth.None(), parameters, here, checks.verifier, options)
  tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, { expectedNonce: checks.nonce, requireIdToken: true })
  claims = oauth.getValidatedIdTokenClaims(tokens)
}

async function refresh() {
  const answer = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens.refresh_token, options)
  tokens = { ...tokens, ...await oauth.processRefreshTokenResponse(server, client, answer) }
}

async function orders() {
  const ask = () => oauth.protectedResourceRequest(tokens.access_token, 'GET', new URL(settings.api), undefined, undefined, options)
  const answer = await ask().catch(async (error) => {
    if (!(error instanceof oauth.WWWAuthenticateChallengeError) || error.status !== 401) throw error
    await refresh() // the access token is old
    return ask()
  })
  say(await answer.text())
}

function logOut() {
  const address = new URL(server.end_session_endpoint)
  address.search = new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: here, state: 'logged-out' })
  location.assign(address)
}

function say(words) {
  document.getElementById('says').textContent = words
}

const buttons = { 'log-in': () => logIn(), orders, 'log-out': logOut }
for (const [id, action] of Object.entries(buttons)) {
  document.getElementById(id).addEventListener('click', () => Promise.resolve(action()).catch((error) => say(`That did not work: ${error.message}`)))
}

const came = new URLSearchParams(location.search)
let words = 'Nobody is logged in.'
if (came.has('code') || came.has('error')) {
  await comeBack().catch((error) => {
    const isNobody = error instanceof oauth.AuthorizationResponseError && error.error === 'login_required'
    if (!isNobody) words = `That did not work: ${error.message}`
  })
} else if (came.get('state') === 'logged-out') {
  history.replaceState(null, '', here)
} else {
  await logIn('none')
}
document.getElementById('log-in').hidden = Boolean(claims)
document.getElementById('log-out').hidden = document.getElementById('orders').hidden = !claims
say(claims ? `Hello, ${claims.sub}.` : words)
