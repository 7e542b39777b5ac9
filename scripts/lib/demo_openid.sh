# shellcheck shell=bash
# The part of scripts/demo that is about an application that people log in with; sourced by it.

# As a browser without script: keeps cookies, and says where it is sent.
browse() { # METHOD PATH [CURL OPTION...]
    request "$1" "$2" --cookie "$WORK/cookies" --cookie-jar "$WORK/cookies" "${@:3}"
    SENT_TO=$(tr -d '\r' <"$WORK/headers" | sed -n 's/^[Ll]ocation: //p')
}
follow() {
    [[ -n $SENT_TO ]] || die "the browser should have been sent on, but: $STATUS $BODY"
    browse GET "$SENT_TO"
}
hidden_field() { sed -n "s/.*name=\"$1\" value=\"\([^\"]*\)\".*/\1/p" <<<"$BODY" | head -n 1; }
# Everything that the page carries along, and what somebody types.
send_page() { # PATH [NAME=VALUE...]
    local name value
    local -a fields=()
    for name in flow csrf decision; do
        value=$(hidden_field "$name")
        [[ -z $value ]] || fields+=(--data-urlencode "$name=$value")
    done
    for value in "${@:2}"; do fields+=(--data-urlencode "$value"); done
    browse POST "$1" "${fields[@]}"
}
parameter_of() { sed -n "s/.*[?&]$1=\([^&]*\).*/\1/p" <<<"$SENT_TO"; }
base64url() { base64 -w 0 | tr '+/' '-_' | tr -d '='; }

log_in_with_application() {
    local client verifier challenge sign_in code access refresh
    heading 'An application lets them log in, and never sees the password'
    as_administrator POST /api/v1/admin/applications "$(jq -cn '{name: "Book shop", application_type: "spa",
        authentication: "none", consent: "required", grant_types: ["authorization_code", "refresh_token"],
        scopes: ["openid", "email", "profile"], audiences: [], redirect_uris: ["https://books.example/callback"],
        post_logout_redirect_uris: ["https://books.example/"]}')"
    expect 201
    client=$(field .id)
    verifier=$(random_hex 24)
    challenge=$(printf '%s' "$verifier" | openssl dgst -sha256 -binary | base64url)
    sign_in="/oauth2/authorize?response_type=code&client_id=$client&scope=openid%20email&state=s1&nonce=n1"
    sign_in+="&redirect_uri=https%3A%2F%2Fbooks.example%2Fcallback&code_challenge=$challenge&code_challenge_method=S256"
    : >"$WORK/cookies"
    browse GET "$sign_in"
    expect 303
    follow
    note "its user is shown: $(sed -n 's/.*<title>\(.*\)<\/title>.*/\1/p' <<<"$BODY")"
    send_page /login "identifier=$NEWCOMER" "password=$NEW_PASSWORD"
    expect 303
    follow
    expect 303
    follow
    note "and then: $(sed -n 's/.*<title>\(.*\)<\/title>.*/\1/p' <<<"$BODY")"
    send_page /consent
    follow
    expect 303
    code=$(parameter_of code)
    [[ $SENT_TO == https://books.example/callback\?* && -n $code ]] || die "no code came back: $SENT_TO"
    note "back at https://books.example/callback with the code $(short "$code")"
    exchange_code() {
        request POST /oauth2/token --data-urlencode 'grant_type=authorization_code' --data-urlencode "client_id=$client" \
            --data-urlencode "code=$code" --data-urlencode "code_verifier=$1" \
            --data-urlencode 'redirect_uri=https://books.example/callback'
    }
    exchange_code "$(random_hex 24)"
    expect 400
    note 'whoever has the code without its verifier gets nothing'
    exchange_code "$verifier"
    expect 200
    access=$(field .access_token)
    refresh=$(field .refresh_token)
    note "ID token: $(field .id_token | cut -d. -f2 | tr '_-' '/+' | base64 -d 2>/dev/null | jq -c '{iss, aud, nonce, acr}')"
    request GET /oauth2/userinfo --header "$(bearer "$access")"
    expect 200
    note "userinfo: $(jq -c '{email, email_verified}' <<<"$BODY")"
    request GET /api/v1/auth/me --header "$(bearer "$access")"
    expect 401
    note "an application is not its user: its token opens nothing else"
    browse GET "$sign_in&prompt=none"
    [[ -n $(parameter_of code) ]] || die "they agreed before, and are logged in: $SENT_TO"
    note 'the next time nobody is asked anything'
    browse GET "/oauth2/logout?client_id=$client&post_logout_redirect_uri=https%3A%2F%2Fbooks.example%2F"
    expect 200
    send_page /logout "client_id=$client" 'post_logout_redirect_uri=https://books.example/'
    expect 303
    request GET /oauth2/userinfo --header "$(bearer "$access")"
    expect 401
    request POST /oauth2/token --data-urlencode 'grant_type=refresh_token' --data-urlencode "client_id=$client" \
        --data-urlencode "refresh_token=$refresh"
    expect 400
    note 'logged out at the browser, the application is, too'
}
