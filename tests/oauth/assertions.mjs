// Client assertions as jose and the Web Crypto API make them where nobody says otherwise: as assertions.py says.
import { CompactSign, SignJWT, exportJWK, generateKeyPair } from 'jose'

const given = JSON.parse(await new Response(process.stdin).text())
const id = given.clients.jose
const claims = (more = {}) => ({ iss: id, sub: id, aud: given.issuer, jti: crypto.randomUUID(), ...more })
const made = []

for (const alg of ['RS256', 'ES256', 'Ed25519']) {
  const pair = await generateKeyPair(alg)
  const signed = new SignJWT(claims()).setProtectedHeader({ alg }).setIssuedAt().setExpirationTime('5m')
  const payload = new TextEncoder().encode(JSON.stringify(claims({ exp: Date.now() / 1000 + 60 }), null, 2))
  const compact = new CompactSign(payload).setProtectedHeader({ alg, typ: 'application/JWT', jku: 'https://else.example' })
  made.push({ case: `jose ${alg}`, jwk: await exportJWK(pair.publicKey),
    assertions: [await signed.sign(pair.privateKey), await compact.sign(pair.privateKey)] })
}

const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
const web = new SignJWT(claims()).setProtectedHeader({ alg: 'ES256' }).setExpirationTime('1 minute')
made.push({ case: 'jose and Web Crypto', jwk: await crypto.subtle.exportKey('jwk', pair.publicKey), // with key_ops and ext
  assertions: [await web.sign(pair.privateKey)] })
console.log(JSON.stringify({ jose: made }))
