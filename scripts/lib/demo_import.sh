# shellcheck shell=bash
# The part of scripts/demo that is about users of another service; sourced by it.

import_somebody() {
    heading 'Somebody comes from another service, with the password hash that they had there'
    NEWCOMER=ben-$(random_hex 4)@example.test
    # shellcheck disable=SC2016 # a hash by bcrypt, of the password below
    jq -cn --arg e "$NEWCOMER" --arg h '$2b$10$keyledgerkeyledgerkey.k8Ds4hdKLTpsKqqoOFN4KvTZ4VWxdry' \
        '{email: $e, email_verified: true, name: "Ben Example", hash: $h}' >"$WORK/users.ndjson"
    chmod 0600 "$WORK/users.ndjson"
    note "$(KEYLEDGER_DATABASE_URL=$KEYLEDGER_DATABASE_URL KEYLEDGER_KEYRING_FILE=$KEYLEDGER_KEYRING_FILE \
        "$KEYLEDGER_BINARY" users import "$WORK/users.ndjson" | sed -n 1p)"
    log_in "$NEWCOMER" 'correct horse battery staple' 'demo-laptop/1.0'
    expect 200
    events_tail --limit 4 | cut -c1-120 | sed 's/^/   /'
    note 'what they typed lets them in, and is hashed anew by Argon2id'
}
