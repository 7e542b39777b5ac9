// Passkeys on the pages (W3C Web Authentication). A form with data-passkey is hidden until this runs, and is sent with what
// the browser made of its data-options. Without this file every page works, without passkeys.
(() => {
  "use strict";

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => list.map((one) => ({ ...one, id: bytes(one.id) }));

  const answers = {
    async create(options) {
      const publicKey = {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: named(options.excludeCredentials),
      };
      const made = await navigator.credentials.create({ publicKey });
      return {
        client_data_json: text(made.response.clientDataJSON),
        attestation_object: text(made.response.attestationObject),
      };
    },
    async get(options, more) {
      const publicKey = {
        ...options,
        challenge: bytes(options.challenge),
        allowCredentials: named(options.allowCredentials),
      };
      const proven = await navigator.credentials.get({ publicKey, ...more });
      const { clientDataJSON, authenticatorData, signature, userHandle } = proven.response;
      return {
        credential_id: text(proven.rawId),
        client_data_json: text(clientDataJSON),
        authenticator_data: text(authenticatorData),
        signature: text(signature),
        user_handle: userHandle ? text(userHandle) : "",
      };
    },
  };

  // The page has words for what browsers say; they stand before the form whose button was pressed.
  const faults = [...document.querySelectorAll("[data-passkey-fault]")];
  const tell = (form, name) => {
    const of = (wanted) => faults.find((one) => one.dataset.passkeyFault === wanted);
    for (const one of faults) one.hidden = true;
    const told = name && (of(name) || of("other"));
    if (!told) return;
    form.before(told);
    told.hidden = false;
    told.scrollIntoView({ block: "nearest" });
  };

  const send = (form, answer) => {
    for (const [name, value] of Object.entries(answer))
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    form.submit();
  };

  // One question at a time: a browser that still offers passkeys in the field for the name refuses another.
  let offered = new AbortController();
  let asking = false;

  // Offered beside the names that the browser knows, where it can; nobody has to press anything.
  const offer = async (form, options) => {
    const can = PublicKeyCredential.isConditionalMediationAvailable;
    if (!can || !(await can.call(PublicKeyCredential))) return;
    try {
      send(form, await answers.get(options, { mediation: "conditional", signal: offered.signal }));
    } catch {
      // Nobody chose one.
    }
  };

  const prepare = (form) => {
    const options = JSON.parse(form.dataset.options);
    const offers = form.dataset.passkey === "get" && document.querySelector("[autocomplete~=webauthn]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (asking) return;
      asking = true;
      offered.abort();
      tell(form);
      try {
        send(form, await answers[form.dataset.passkey](options));
      } catch (error) {
        tell(form, error?.name || "other");
        offered = new AbortController();
        if (offers) offer(form, options);
      } finally {
        asking = false;
      }
    });
    if (offers) offer(form, options);
  };

  const forms = [...document.querySelectorAll("form[data-passkey]")];
  if (window.PublicKeyCredential) forms.forEach(prepare);
  // Where nothing but a passkey is asked for, a page without its button would say nothing.
  else if (forms.length && !document.querySelector("form:not([data-passkey])")) tell(forms[0], "none");
})();
