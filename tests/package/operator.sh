#!/usr/bin/env bash
# What an operator does with the package, on a bare Debian 12. Run there by installed.sh, as root, with keyledger.deb beside
# it, the database's port and passwords, and two free ports in the environment.

set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
readonly SETTINGS=/etc/keyledger/keyledger.yaml KEYRING=/var/lib/keyledger/keyring.json IMAGE_MB=120
readonly PASSWORD='nine copper lanterns hum softly' SECONDS_TO_SERVE=60

step() { printf -- '-- %s\n' "$*"; }
fail() {
    printf 'FAULT: %s\n' "$*" >&2
    exit 1
}
expect() {
    printf '%s: %s\n' "$1" "$2"
    [[ $2 == "$3" ]] || fail "$1: expected '$3', got '$2'"
}
has() { grep --quiet --fixed-strings -- "$2" "$1" || { cat "$1" >&2 && fail "$1 does not say: $2"; }; }
owned() { stat --format='%a %U:%G' "$1"; }
status_of() {
    local status=0
    "$@" >/root/said 2>&1 || status=$?
    printf '%d' "$status"
}
as_service() { setpriv --reuid=keyledger --regid=keyledger --init-groups -- "$@"; }

install_it() {
    step "apt-get install ./keyledger.deb"
    apt-get update --quiet >/root/apt 2>&1 || { cat /root/apt >&2 && fail "apt-get update"; }
    apt-get install --yes --quiet --no-install-recommends /root/keyledger.deb >/root/apt 2>&1 || {
        cat /root/apt >&2
        fail "apt-get install"
    }
    has /root/apt 'Keyledger is installed and not started'
    expect 'the settings' "$(owned "$SETTINGS")" '640 root:keyledger'
    expect 'their folder' "$(owned /etc/keyledger)" '750 root:keyledger'
    expect "the service's folder" "$(owned /var/lib/keyledger)" '700 keyledger:keyledger'
    expect 'what runs of it' "$(grep --files-with-matches --no-messages --text '^keyledger' /proc/[0-9]*/comm || true)" ''
    expect 'config check before anything was set' "$(status_of keyledgerctl config check)" 2
    has /root/said 'KEYLEDGER_DATABASE_URL is not set'
    has /root/said "keyring $KEYRING: can't be opened"
    expect 'a health check before it runs' \
        "$(KEYLEDGER_MANAGEMENT_LISTEN=127.0.0.1:$MANAGEMENT_PORT status_of keyledger health)" 1
}

# What a container image of it would hold: this system without what only the test brought, without apt's lists, and without
# what debian:12-slim leaves out of every package.
measure_image() {
    local bytes
    step "The size of an image"
    SUDO_FORCE_REMOVE=yes apt-get purge --yes --quiet sudo >/root/apt 2>&1
    bytes=$(du --summarize --one-file-system --apparent-size --block-size=1 --exclude=/root --exclude=/tmp --exclude=/proc \
        --exclude=/sys --exclude=/dev --exclude=/run --exclude=/var/lib/apt/lists --exclude=/var/cache \
        --exclude=/usr/share/doc --exclude=/usr/share/man --exclude=/usr/share/info --exclude=/usr/share/locale \
        --exclude=/usr/share/lintian --exclude=/usr/share/groff --exclude=/usr/share/linda / | cut --fields=1)
    printf 'an image of this tree: %d MB, %d at most\n' $((bytes / 1000000)) "$IMAGE_MB"
    ((bytes < IMAGE_MB * 1000000)) || fail "the image would be larger than $IMAGE_MB MB"
}

configure_it() {
    local at=127.0.0.1
    step "Settings, keys, schema, the first administrator"
    sed --in-place --regexp-extended \
        -e "s|^#?KEYLEDGER_DATABASE_URL:.*|KEYLEDGER_DATABASE_URL: \"postgresql://keyledger_service:$SERVICE_PASSWORD@$at:$DATABASE_PORT/keyledger\"|" \
        -e "s|^#?KEYLEDGER_ISSUER:.*|KEYLEDGER_ISSUER: \"http://$at:$PORT\"|" \
        -e "s|^KEYLEDGER_LISTEN:.*|KEYLEDGER_LISTEN: \"$at:$PORT\"|" \
        -e "s|^KEYLEDGER_MANAGEMENT_LISTEN:.*|KEYLEDGER_MANAGEMENT_LISTEN: \"$at:$MANAGEMENT_PORT\"|" "$SETTINGS"
    printf 'KEYLEDGER_EMAIL_VERIFICATION: "off"\n' >>"$SETTINGS"
    (umask 077 && printf 'postgresql://keyledger_owner:%s@%s:%s/keyledger\n' "$OWNER_PASSWORD" "$at" "$DATABASE_PORT" \
        >/etc/keyledger/owner-database-url)
    expect 'keys generate' "$(status_of keyledgerctl keys generate)" 0
    expect 'the keyring' "$(owned "$KEYRING")" '600 keyledger:keyledger'
    expect 'migrate up' "$(status_of keyledgerctl migrate up)" 0
    expect 'create-admin' \
        "$(KEYLEDGER_ADMIN_PASSWORD=$PASSWORD status_of keyledgerctl users create-admin --email admin@example.com)" 0
    expect 'config check' "$(status_of keyledgerctl config check)" 0
    ! as_service cat /etc/keyledger/owner-database-url >/dev/null 2>&1 || fail "the service can read the owner's URL"
    expect 'a stranger and the settings' "$(status_of setpriv --reuid=nobody --regid=nogroup --clear-groups cat "$SETTINGS")" 1
}

log_in() {
    local body answer
    body="{\"email\": \"admin@example.com\", \"password\": \"$PASSWORD\"}"
    exec 3<>"/dev/tcp/127.0.0.1/$PORT"
    printf 'POST /api/v1/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n' \
        ${#body} >&3
    printf 'Connection: close\r\n\r\n%s' "$body" >&3
    answer=$(tr -d '\r' <&3)
    exec 3>&-
    expect 'a log-in' "${answer%%$'\n'*}" 'HTTP/1.1 200 OK'
    [[ $answer == *'"access_token"'* ]] || fail "the log-in gave no token"
}

await() {
    local until=$((SECONDS + SECONDS_TO_SERVE))
    until "$@"; do
        ((SECONDS < until)) || fail "not within $SECONDS_TO_SERVE s: $*"
        sleep 0.1
    done
}
is_healthy() { (($(status_of keyledgerctl health) == 0)); }
has_reloaded() { grep --quiet 'read the keyring again' /root/service.log; }

# As the unit starts it: the same words, user and settings.
serve_it() {
    local status=0 service
    step "Serving"
    grep --quiet '^ExecStart=/usr/bin/keyledger serve$' /lib/systemd/system/keyledger.service ||
        fail "the unit starts something else"
    keyledgerctl serve >/root/service.log 2>&1 &
    service=$!
    await is_healthy
    log_in
    kill -HUP "$service"
    await has_reloaded
    log_in
    kill -TERM "$service"
    wait "$service" || status=$?
    expect 'its end' "$status" 0
}

part_with_it() {
    step "The same package again, removal, purge"
    sum=$(sha256sum "$SETTINGS")
    expect 'the same package again' "$(status_of dpkg --install /root/keyledger.deb)" 0
    has /root/said 'a node that runs was left alone'
    expect 'the settings, still' "$(sha256sum "$SETTINGS")" "$sum"
    expect 'their mode, still' "$(owned "$SETTINGS")" '640 root:keyledger'
    expect 'remove' "$(status_of dpkg --remove keyledger)" 0
    [[ ! -e /usr/bin/keyledger && -e $SETTINGS && -e $KEYRING ]] || fail "removal takes the program and nothing else"
    expect 'purge' "$(status_of dpkg --purge keyledger)" 0
    has /root/said 'The keyring stays'
    [[ ! -e /etc/keyledger && -e $KEYRING ]] || fail "purge takes the settings and leaves the keyring"
    expect 'the keyring after all' "$(owned "$KEYRING")" '600 keyledger:keyledger'
}

install_it
configure_it
serve_it
measure_image
part_with_it
