// Starts swagger-ui with the document of the service that this page came from, and with nothing else: no address of a
// document is taken from the page's own, and no validator elsewhere is asked.
'use strict'

const root = new URL('.', location.href) // before /docs: a proxy may have put something there
const place = document.getElementById('docs')

const start = async () => {
  const answer = await fetch(new URL('openapi.json', root))
  if (!answer.ok) throw new Error(`openapi.json: ${answer.status}`)
  const spec = await answer.json()
  spec.servers = [{ url: root.pathname.replace(/\/$/, '') || '/' }]
  window.SwaggerUIBundle({
    spec,
    domNode: place,
    deepLinking: true,
    docExpansion: 'none',
    defaultModelsExpandDepth: 0,
    displayOperationId: true,
    filter: true,
    persistAuthorization: false,
    queryConfigEnabled: false,
    validatorUrl: null,
  })
}

start().catch((error) => {
  place.textContent = `The document of the API could not be shown: ${error.message}`
})
