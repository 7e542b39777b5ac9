# shellcheck shell=bash
# Somebody has her password: what they do is undone by the links of the mails that tell her of it. Sourced by demo.

readonly LAST_PASSWORD='nine slow ferries carry lemons'

# press WHAT: the button of the page behind the newest mail's link.
press() {
    local page=${MAIL_LINK%%\?*} token=${MAIL_LINK#*token=}
    printf '%s' "$token" >"$WORK/token"
    request POST "/account/${page##*/}" --data-urlencode "token@$WORK/token"
    expect 200
    note "$1"
}

undo_takeover() {
    local thief=thief-$EMAIL access handle
    heading 'Somebody who has her password asks for her erasure, and changes her address: both come to nothing'
    reads_mail || return 0
    log_in "$EMAIL" "$NEW_PASSWORD" 'thief/1.0'
    expect 200
    json_request DELETE /api/v1/auth/me "$(jq -cn --arg p "$NEW_PASSWORD" '{current_password: $p}')" \
        --header "$(bearer "$(field .access_token)")"
    expect 202
    read_mail "$EMAIL" 'will be erased'
    press 'she keeps her account'

    log_in "$EMAIL" "$NEW_PASSWORD" 'thief/1.0'
    expect 200
    access=$(field .access_token)
    json_request POST /api/v1/auth/change-email "$(jq -cn --arg e "$thief" --arg p "$NEW_PASSWORD" \
        '{email: $e, current_password: $p}')" --header "$(bearer "$access")"
    expect 202
    handle=$(field .handle)
    read_mail "$thief" 'is your code'
    json_request POST /api/v1/auth/change-email/confirm "$(jq -cn --arg h "$handle" --arg c "$MAIL_CODE" \
        '{handle: $h, code: $c}')" --header "$(bearer "$access")"
    expect 204
    log_in "$EMAIL" "$NEW_PASSWORD" 'demo-laptop/1.0'
    expect 401
    read_mail "$EMAIL" 'was changed'
    press 'the account is hers again'
    log_in "$EMAIL" "$NEW_PASSWORD" 'thief/1.0'
    expect 403
    note "the thief, with the password: $(jq -r .title <<<"$BODY")"

    json_request POST /api/v1/auth/forgot-password "$(jq -cn --arg e "$EMAIL" '{email: $e}')"
    expect 202
    read_mail "$EMAIL" 'new password'
    json_request POST /api/v1/auth/reset-password "$(jq -cn --arg t "${MAIL_LINK#*token=}" --arg p "$LAST_PASSWORD" \
        '{token: $t, new_password: $p}')"
    expect 204
    log_in "$EMAIL" "$LAST_PASSWORD" 'demo-laptop/1.0'
    expect 200
}
