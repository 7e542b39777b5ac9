# shellcheck shell=bash
# A private PostgreSQL 15 cluster in a directory of its own; the system's clusters are never touched. PostgreSQL
# refuses to run as root, so root runs it as the user `postgres`. Needs common.sh.
#
#   start_postgres DIR [PORT]   sets PG_HOME, PG_PORT, PG_SUPERUSER_URL, PG_OWNER_URL, PG_SERVICE_URL
#   stop_postgres DIR
#   drop_postgres DIR           stops it and removes its data
#
# POSTGRES_PRELOAD=pg_stat_statements makes it count statements. KEYLEDGER_TEST_POSTGRES_BIN is scripts/matrix's: the folder
# of another release's programmes.
#
# DIR/home is where data, socket, passwords and log are; it is a link to a directory elsewhere if the user
# `postgres` can't reach DIR (a clone under /root).

readonly PG_START_SECONDS=60 PG_STOP_SECONDS=60 PG_SOCKET_PATH_LIMIT=107

pg_bin() {
    local bin=${KEYLEDGER_TEST_POSTGRES_BIN:-/usr/lib/postgresql/15/bin}
    [[ -x $bin/initdb ]] || die "PostgreSQL is not installed ($bin/initdb is missing); run scripts/install"
    printf '%s' "$bin"
}

as_postgres() {
    if ((EUID == 0)); then
        (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups env HOME=/ "$@" 8>&- 9>&-)
    else
        (cd / && exec "$@" 8>&- 9>&-)
    fi
}

pg_owned_directory() {
    mkdir -p "$1"
    ((EUID != 0)) || chown postgres: "$1"
    chmod "$2" "$1"
}

# Makes DIR/home, or finds it again. Everybody on the way must be able to pass, but nobody to list.
pg_make_home() {
    local home=$1/home elsewhere
    if [[ ! -e $home ]]; then
        mkdir -p "$1"
        if ((EUID == 0)) && ! as_postgres test -x "$1"; then
            elsewhere=$(mktemp -d /var/tmp/keyledger-postgres.XXXXXX)
            say "    the user postgres can't enter $1; its data goes to $elsewhere"
            ln -sfn "$elsewhere" "$home"
        else
            mkdir "$home"
        fi
        chmod 0711 "$home/"
    fi
    PG_HOME=$(cd "$home" && pwd -P)
}

pg_make_passwords() {
    local file=$PG_HOME/passwords
    if [[ ! -f $file ]]; then
        (
            umask 077
            printf 'PG_SUPERUSER_PASSWORD=%s\nPG_OWNER_PASSWORD=%s\nPG_SERVICE_PASSWORD=%s\n' \
                "$(random_hex 24)" "$(random_hex 24)" "$(random_hex 24)" >"$file.new"
        )
        mv "$file.new" "$file"
    fi
    # shellcheck source=/dev/null
    source "$file"
}

# Built beside and moved into place when complete, so that an interrupted attempt leaves no half cluster.
pg_initialise() {
    local bin=$1 password_file=$PG_HOME/initdb.password
    [[ ! -d $PG_HOME/data ]] || return 0
    rm -rf "$PG_HOME/data.new"
    pg_owned_directory "$PG_HOME/data.new" 0700
    (umask 077 && printf '%s\n' "$PG_SUPERUSER_PASSWORD" >"$password_file")
    ((EUID != 0)) || chown postgres: "$password_file"
    if ! as_postgres "$bin/initdb" --pgdata="$PG_HOME/data.new" --username=postgres --pwfile="$password_file" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-instructions >"$PG_HOME/initdb.log" 2>&1; then
        rm -f "$password_file"
        tail -n 15 "$PG_HOME/initdb.log" >&2
        die "initdb failed in $PG_HOME"
    fi
    rm -f "$password_file"
    printf "include = '../postgresql.keyledger.conf'\n" >>"$PG_HOME/data.new/postgresql.conf"
    mv "$PG_HOME/data.new" "$PG_HOME/data"
}

# The path of a unix socket is limited by the kernel, and a list of directories can't hold every character.
pg_socket_directory() {
    local directory=$PG_HOME/socket path
    path=$directory/.s.PGSQL.65535
    if ((${#path} > PG_SOCKET_PATH_LIMIT)) || [[ $directory == *[\"\'\\,]* ]]; then
        directory=$(cat "$PG_HOME/socket.elsewhere" 2>/dev/null || true)
        [[ -d $directory ]] || directory=$(mktemp -d /tmp/keyledger-socket.XXXXXX)
        printf '%s\n' "$directory" >"$PG_HOME/socket.elsewhere"
    fi
    pg_owned_directory "$directory" 0755
    printf '%s' "$directory"
}

pg_configure() {
    cat >"$PG_HOME/postgresql.keyledger.conf" <<CONF
# Written by scripts/lib/postgres.sh at every start.
listen_addresses = '127.0.0.1'
port = $1
unix_socket_directories = '"$2"'
fsync = on
synchronous_commit = on
full_page_writes = on
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = 256MB
max_wal_size = 2GB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] %u@%d '
shared_preload_libraries = '${POSTGRES_PRELOAD:-}'
CONF
    chmod 0644 "$PG_HOME/postgresql.keyledger.conf"
}

postgres_alive() { [[ -e $1/home ]] && process_alive "$1/home/pid"; }

start_postgres() {
    local dir=$1 wanted=${2:-} bin socket last
    bin=$(pg_bin)
    ! postgres_alive "$dir" || die "PostgreSQL is already running in $dir"
    pg_make_home "$dir"
    pg_make_passwords
    pg_initialise "$bin"
    socket=$(pg_socket_directory)
    : >>"$PG_HOME/server.log"
    ((EUID != 0)) || chown postgres: "$PG_HOME/server.log"
    last=$(cat "$PG_HOME/port" 2>/dev/null || true)
    for _ in {1..5}; do
        PG_PORT=${wanted:-${last:-$(free_port)}}
        last=
        if port_taken "$PG_PORT"; then
            [[ -z $wanted ]] || die "port $PG_PORT is in use; choose another for PostgreSQL (--postgres-port PORT)"
            continue
        fi
        pg_configure "$PG_PORT" "$socket"
        : >"$PG_HOME/server.log"
        if as_postgres "$bin/pg_ctl" start --pgdata="$PG_HOME/data" --log="$PG_HOME/server.log" --wait --silent \
            --timeout="$PG_START_SECONDS" </dev/null >/dev/null 2>&1; then
            remember_process "$PG_HOME/pid" "$(head -n 1 "$PG_HOME/data/postmaster.pid")"
            printf '%s\n' "$PG_PORT" >"$PG_HOME/port"
            pg_urls
            pg_make_roles "$socket"
            return
        fi
        grep -q 'Address already in use' "$PG_HOME/server.log" || break
    done
    tail -n 15 "$PG_HOME/server.log" >&2
    die "PostgreSQL did not start; its log is $PG_HOME/server.log"
}

pg_urls() {
    local at=127.0.0.1:$PG_PORT
    # For whoever sources this file.
    # shellcheck disable=SC2034
    PG_SUPERUSER_URL=postgresql://postgres:$PG_SUPERUSER_PASSWORD@$at/postgres
    # shellcheck disable=SC2034
    PG_OWNER_URL=postgresql://keyledger_owner:$PG_OWNER_PASSWORD@$at/keyledger
    # shellcheck disable=SC2034
    PG_SERVICE_URL=postgresql://keyledger_service:$PG_SERVICE_PASSWORD@$at/keyledger
}

pg_make_roles() {
    PGPASSWORD=$PG_SUPERUSER_PASSWORD KEYLEDGER_OWNER_PASSWORD=$PG_OWNER_PASSWORD \
        KEYLEDGER_SERVICE_PASSWORD=$PG_SERVICE_PASSWORD \
        psql --no-psqlrc --quiet --host="$1" --port="$PG_PORT" --username=postgres --dbname=postgres \
        --file="$ROOT/scripts/lib/roles.sql" >/dev/null || die "could not make the database and its roles"
}

stop_postgres() {
    local home=$1/home
    [[ -e $home ]] || return 0
    if process_alive "$home/pid"; then
        as_postgres "$(pg_bin)/pg_ctl" stop --pgdata="$(cd "$home" && pwd -P)/data" --mode=fast --wait --silent \
            --timeout="$PG_STOP_SECONDS" >/dev/null 2>&1 || true
    fi
    stop_process "$home/pid" PostgreSQL 5
    if [[ -f $home/socket.elsewhere ]]; then
        rm -rf "$(cat "$home/socket.elsewhere")"
        rm -f "$home/socket.elsewhere"
    fi
}

drop_postgres() {
    stop_postgres "$1"
    if [[ -L $1/home ]]; then
        rm -rf "$(readlink "$1/home")"
    fi
    rm -rf "$1"
}
