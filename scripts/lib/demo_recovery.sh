# shellcheck shell=bash
# The part of scripts/demo that is about a forgotten password; sourced by it.

forget_password() {
    local handle nobodys
    heading 'They forget that password, and get back in by a mail'
    json_request POST /api/v1/auth/forgot-password '{"email": "nobody@example.test"}'
    expect 202
    nobodys=$(field .handle)
    json_request POST /api/v1/auth/forgot-password "$(jq -cn --arg e "$NEWCOMER" '{email: $e}')"
    expect 202
    handle=$(field .handle)
    ((${#handle} == ${#nobodys})) || die "the answer tells by its length whether somebody has the address"
    note "asked for, as for an address that nobody has: handle $(short "$handle")"
    reads_mail || return 0
    read_mail "$NEWCOMER" 'Choose a new password'
    json_request POST /api/v1/auth/reset-password "$(jq -cn --arg h "$handle" --arg c "$MAIL_CODE" \
        --arg p "$NEW_PASSWORD" '{handle: $h, code: $c, new_password: $p}')"
    expect 204
    note "a new password by the code of the mail; its link leads to ${MAIL_LINK%%\?*}"
    json_request POST /api/v1/auth/reset-password "$(jq -cn --arg h "$handle" --arg c "$MAIL_CODE" \
        --arg p "$PASSWORD" '{handle: $h, code: $c, new_password: $p}')"
    expect 400
    note "once more: $(jq -r .title <<<"$BODY")"
}
