#!/usr/bin/env bash
# Installs the package into a bare Debian 12 that it makes, and lives there with it as an operator would: settings, keys,
# migration, the first administrator, serving, a log-in, a reload, the same package again, removal and purge. The database
# is on this machine, made by what the package's documents tell. Also says how much room a container image of it would take.
#
#   tests/package/installed.sh [--build FOLDER]
#
# Needs root and debootstrap; where such a system can't be made, it says why and ends with 77.

set -euo pipefail
# shellcheck source=../../scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/common.sh"
# shellcheck source=../../scripts/lib/kafka.sh
source "$ROOT/scripts/lib/kafka.sh"
# shellcheck source=../../scripts/lib/bare.sh
source "$ROOT/scripts/lib/bare.sh"

readonly CAN_NOT_BE_MADE=77 END_SECONDS=60
BUILD=$ROOT/build/release WORK='' SYSTEM=''

clean_up() {
    local status=$?
    trap - EXIT
    trap '' INT TERM HUP
    if [[ -n $CHILD ]]; then
        kill -TERM -- "-$CHILD" 2>/dev/null || true
        await "$END_SECONDS" child_is_gone || kill -KILL -- "-$CHILD" 2>/dev/null || true
        wait "$CHILD" 2>/dev/null || true
    fi
    if [[ -n $WORK ]]; then
        "$ROOT/scripts/services" drop postgres "$WORK/postgres" >/dev/null 2>&1 || true
        rm -rf --one-file-system "$WORK"
    fi
    exit "$status"
}

child_is_gone() { [[ -z $(process_birth "$CHILD") ]]; }

# The roles as the package's own file makes them.
make_database() {
    local url
    url=$("$ROOT/scripts/services" start postgres "$WORK/postgres" | sed -n 's/^PG_SUPERUSER_URL=//p')
    OWNER_PASSWORD=$(random_hex 16) SERVICE_PASSWORD=$(random_hex 16)
    KEYLEDGER_OWNER_PASSWORD=$OWNER_PASSWORD KEYLEDGER_SERVICE_PASSWORD=$SERVICE_PASSWORD \
        psql -XAtq -d "$url" -f "$ROOT/scripts/lib/roles.sql" >/dev/null
    DATABASE_PORT=$(sed -E 's|.*:([0-9]+)/.*|\1|' <<<"$url")
}

main() {
    [[ ${1:-} != --build ]] || BUILD=$2
    if ! bare_possible; then
        say "Skipped: no bare Debian can be made here: $BARE_PROBLEM"
        exit "$CAN_NOT_BE_MADE"
    fi
    exit_on_signals
    trap clean_up EXIT
    WORK=$(mktemp -d "$(bare_folder)/keyledger-installed.XXXXXX")
    chmod 0755 "$WORK" # the system's users pass it, and PostgreSQL's
    SYSTEM=$WORK/system
    "$ROOT/scripts/package" --no-build --build "$BUILD" --out "$WORK/packages"
    make_database
    mkdir "$SYSTEM"
    make_bare "$SYSTEM"
    cp "$WORK"/packages/keyledger_*.deb "$SYSTEM/root/keyledger.deb"
    cp "$ROOT/tests/package/operator.sh" "$SYSTEM/root/operator.sh"
    bare_environment >"$SYSTEM.environment"
    printf '%s\n' "DATABASE_PORT=$DATABASE_PORT" "OWNER_PASSWORD=$OWNER_PASSWORD" "SERVICE_PASSWORD=$SERVICE_PASSWORD" \
        "PORT=$(free_port)" "MANAGEMENT_PORT=$(free_port)" >>"$SYSTEM.environment"
    bare_account "$SYSTEM" root
    bare_binds "$SYSTEM" root >"$SYSTEM.binds"
    printf 'the package\tbash operator.sh\n' >"$SYSTEM.steps"
    : >"$SYSTEM.times"
    run_child unshare --mount --pid --ipc --uts --fork --kill-child "$ROOT/scripts/lib/inside.sh" "$SYSTEM" root /root \
        "$SYSTEM.times"
}

main "$@"
