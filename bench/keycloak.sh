# shellcheck shell=bash
# Keycloak, to measure beside: its distribution from Maven Central, at one version and checksum, in a directory of its
# own, in production mode on a PostgreSQL of its own. Nothing but `scripts/bench flows --beside-keycloak` asks for it.
# Needs common.sh, postgres.sh and kafka.sh (for its cache).
#
#   fetch_keycloak           sets KEYCLOAK_ARCHIVE
#   start_keycloak DIR       sets KEYCLOAK_PORT, KEYCLOAK_ADMIN_PASSWORD, KEYCLOAK_PID (of its Java)
#   drop_keycloak DIR        stops it and its PostgreSQL, and removes their data
#
# KEYCLOAK_JAVA_HOME names the Java to run it with (by default that of the PATH), KEYCLOAK_HEAP its heap.

readonly KEYCLOAK_VERSION=26.7.3 KEYCLOAK_MAVEN_PLUGIN_VERSION=3.6.1
readonly KEYCLOAK_SHA256=77657f30b7e90d70f727712ce1c967f430fd6a5e9f458d32d8c6df0635345f47
readonly KEYCLOAK_HEAP=${KEYCLOAK_HEAP:-2g} KEYCLOAK_START_SECONDS=240 KEYCLOAK_STOP_SECONDS=60

fetch_keycloak() {
    local cache work name=keycloak-quarkus-dist-$KEYCLOAK_VERSION.tar.gz
    cache=$(kafka_cache)
    KEYCLOAK_ARCHIVE=$cache/$name
    if [[ ! -f $KEYCLOAK_ARCHIVE ]]; then
        command -v mvn >/dev/null || die "there is no Maven to fetch Keycloak with; run scripts/install"
        work=$(mktemp -d "$cache/fetch.XXXXXX")
        with_progress "Fetching Keycloak $KEYCLOAK_VERSION from Maven Central (170 MB, once)" "$work/maven.log" \
            mvn --batch-mode --quiet -Dstyle.color=never --strict-checksums \
            "org.apache.maven.plugins:maven-dependency-plugin:$KEYCLOAK_MAVEN_PLUGIN_VERSION:copy" \
            "-Dartifact=org.keycloak:keycloak-quarkus-dist:$KEYCLOAK_VERSION:tar.gz" -DoutputDirectory="$work" ||
            die "Maven could not fetch it (its words are above)"
        mv "$work/$name" "$KEYCLOAK_ARCHIVE"
        rm -rf "$work"
    fi
    sha256sum --check --status <<<"$KEYCLOAK_SHA256  $KEYCLOAK_ARCHIVE" ||
        die "$KEYCLOAK_ARCHIVE is not the file that was measured; remove it, and try again"
}

start_keycloak() {
    local dir=$1 home=$1/keycloak-$KEYCLOAK_VERSION java=${KEYCLOAK_JAVA_HOME:-} password
    local -a environment
    start_postgres "$dir/postgres"
    password=$(random_hex 24)
    psql --no-psqlrc --quiet "$PG_SUPERUSER_URL" <<<"create role keycloak login password '$password';
        create database keycloak owner keycloak;" || die "could not make Keycloak's database"
    tar --extract --file="$KEYCLOAK_ARCHIVE" --directory="$dir" --no-same-owner
    KEYCLOAK_PORT=$(free_port)
    KEYCLOAK_ADMIN_PASSWORD=$(random_hex 16)
    environment=("KC_DB_PASSWORD=$password" "KC_BOOTSTRAP_ADMIN_PASSWORD=$KEYCLOAK_ADMIN_PASSWORD"
        KC_BOOTSTRAP_ADMIN_USERNAME=admin "JAVA_OPTS_KC_HEAP=-Xms$KEYCLOAK_HEAP -Xmx$KEYCLOAK_HEAP")
    [[ -z $java ]] || environment+=("JAVA_HOME=$java")
    say "Keycloak $KEYCLOAK_VERSION on $("${java:+$java/bin/}java" -version 2>&1 | sed -n 3p), heap $KEYCLOAK_HEAP"
    # One node: without the cluster, which costs it something and brings it nothing here.
    with_progress 'Building Keycloak for production' "$dir/build.log" \
        env "${environment[@]}" "$home/bin/kc.sh" build --db=postgres --cache=local || die 'Keycloak was not built'
    spawn "$dir/pid" "$dir/console.log" "${environment[@]}" "$home/bin/kc.sh" start --optimized \
        --http-enabled=true --http-host=127.0.0.1 --http-port="$KEYCLOAK_PORT" \
        --hostname="http://127.0.0.1:$KEYCLOAK_PORT" --db-username=keycloak \
        --db-url="jdbc:postgresql://127.0.0.1:$PG_PORT/keycloak"
    await "$KEYCLOAK_START_SECONDS" keycloak_answers "$dir" || true
    if ! process_alive "$dir/pid" || ! keycloak_answers "$dir"; then
        tail -n 20 "$dir/console.log" >&2
        die "Keycloak did not start"
    fi
    KEYCLOAK_PID=$(process_id "$dir/pid")
    KEYCLOAK_PID=$(tr -d ' ' <"/proc/$KEYCLOAK_PID/task/$KEYCLOAK_PID/children") # its script's only child
}

keycloak_answers() {
    process_alive "$1/pid" || return 0 # no use in waiting longer: the caller looks again
    curl --silent --fail --output /dev/null --max-time 5 "http://127.0.0.1:$KEYCLOAK_PORT/realms/master"
}

drop_keycloak() {
    stop_process "$1/pid" Keycloak "$KEYCLOAK_STOP_SECONDS"
    drop_postgres "$1/postgres"
    rm -rf "$1"
}
