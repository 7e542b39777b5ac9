# shellcheck shell=bash
# The part of scripts/demo that is about second factors; sourced by it.

# What the app shows so many steps of 30 seconds from now; that of the next one is good already.
code() { oathtool --totp --base32 --now="$((30 * $1)) seconds" "@$WORK/seed"; }

tell_of_second_factor() {
    local mfa_token recovery_code
    heading '11. A second factor: an app reads the QR code, and log-in asks for its codes'
    json_request POST /api/v1/auth/mfa/enable "$(jq -cn --arg p "$NEW_PASSWORD" \
        '{current_password: $p, name: "telephone"}')" --header "$(bearer "$ACCESS")"
    expect 200
    field .qr_png | base64 --decode >"$WORK/qr.png"
    zbarimg --nodbus --quiet --raw "$WORK/qr.png" | sed -n 's/.*[?&]secret=\([A-Z2-7]*\).*/\1/p' >"$WORK/seed"
    [[ -s $WORK/seed && $(<"$WORK/seed") == "$(field .secret)" ]] || die "zbarimg reads another secret in the QR code"
    note 'zbarimg reads the secret in the QR code'
    json_request POST /api/v1/auth/mfa/verify "$(jq -cn --arg c "$(code 0)" '{code: $c}')" --header "$(bearer "$ACCESS")"
    expect 200
    recovery_code=$(field '.recovery_codes[0]')
    note "it is on, with $(field '.recovery_codes | length') recovery codes"
    log_in "$EMAIL" "$NEW_PASSWORD" 'demo-laptop/1.0'
    expect 403
    mfa_token=$(field .mfa_token)
    note "$(field .title): $(jq -c .kinds <<<"$BODY")"
    json_request POST /api/v1/auth/verify-mfa "$(jq -cn --arg t "$mfa_token" --arg c "$(code 1)" \
        '{mfa_token: $t, code: $c}')" --user-agent 'demo-laptop/1.0'
    expect 200
    note "access token $(short "$(field .access_token)")"
    json_request POST /api/v1/auth/mfa/disable "$(jq -cn --arg p "$NEW_PASSWORD" --arg c "$recovery_code" \
        '{current_password: $p, recovery_code: $c}')" --header "$(bearer "$ACCESS")"
    expect 204
    note 'off again, with a recovery code in place of the app'
}

# What an authenticator answers to the options of the last answer; the page is the service's.
authenticator() { "$ROOT/scripts/lib/authenticator.py" "$1" "$WORK" "http://localhost:${KEYLEDGER_URL##*:}" <<<"$BODY"; }

tell_of_passkey() {
    local removal
    heading '11b. A passkey: log-in without a password and without a name'
    json_request POST /api/v1/auth/mfa/passkeys/options "$(jq -cn --arg p "$NEW_PASSWORD" '{current_password: $p}')" \
        --header "$(bearer "$ACCESS")"
    expect 200
    note "for $(jq -c '.options.rp' <<<"$BODY"), the account known by $(short "$(field .options.user.id)")"
    json_request POST /api/v1/auth/mfa/passkeys "$(authenticator make)" --header "$(bearer "$ACCESS")"
    expect 200
    json_request POST /api/v1/auth/passkey/options '{}'
    expect 200
    [[ $(field '.options.allowCredentials | length') == 0 ]] || die 'anybody is told who has a passkey'
    json_request POST /api/v1/auth/passkey "$(authenticator sign)" --user-agent 'demo-laptop/1.0'
    expect 200
    form_request /oauth2/introspect "$(field .access_token)"
    expect 200
    note "in, and her token says: $(jq -c '{acr, amr}' <<<"$BODY")"
    json_request POST /api/v1/auth/mfa/passkeys/challenge '' --header "$(bearer "$ACCESS")"
    expect 200
    removal=$(jq -c '{passkey: .}' <<<"$(authenticator sign)")
    json_request POST /api/v1/auth/mfa/disable "$removal" --header "$(bearer "$ACCESS")"
    expect 204
    note 'off again: a proof by the passkey is password and factor in one'
}
