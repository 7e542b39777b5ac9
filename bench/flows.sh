# shellcheck shell=bash
# The part `flows` of scripts/bench, which sources it.

# People who are logged in come with an application's request: a code, and then tokens for it.
bench_flows() {
    local beside=no pairs seconds statements=no kafka connections
    local -a rounds=(Kafka 'no Kafka')
    local warm # seconds; a Java machine goes on compiling what it does most for minutes
    warm=$(sized 300 3)
    pairs=$(sized 3 1) seconds=$(sized 20 2)
    while (($# > 0)); do
        case $1 in
            --beside-keycloak) beside=yes ;;
            --no-kafka) rounds=('no Kafka') ;;
            --statements) statements=yes ;;
            --pairs) value_of "$@" && pairs=$REPLY && shift ;;
            --seconds) value_of "$@" && seconds=$REPLY && shift ;;
            *) die "don't know the option '$1' of flows; see scripts/bench --help" ;;
        esac
        shift
    done
    step 'Code flows'
    [[ $statements == no ]] || export POSTGRES_PRELOAD=pg_stat_statements
    if [[ $beside == yes ]]; then
        fetch_keycloak
        mkdir "$WORK/keycloak"
        start_keycloak "$WORK/keycloak"
        KEYCLOAK_ADMIN_PASSWORD=$KEYCLOAK_ADMIN_PASSWORD measured python3 "$ROOT/bench/code_flow.py" keycloak \
            "http://127.0.0.1:$KEYCLOAK_PORT" "$WORK/keycloak/flows"
    fi
    for kafka in "${rounds[@]}"; do
        if [[ $kafka == Kafka ]]; then serve; else serve --no-kafka; fi
        KEYLEDGER_ADMIN_EMAIL=$KEYLEDGER_ADMIN_EMAIL KEYLEDGER_ADMIN_PASSWORD=$KEYLEDGER_ADMIN_PASSWORD measured \
            python3 "$ROOT/bench/code_flow.py" keyledger "http://127.0.0.1:$PORT" "$WORK/service/flows"
        for connections in 16 64; do
            measure_flows "Keyledger with $kafka, $connections connections" | tee --append "$WORK/flows"
            warm=$(sized 10 3)
        done
        "$ROOT/scripts/stop" --run-dir "$WORK/service"
    done
    python3 "$ROOT/bench/code_flow.py" compare "$WORK/flows"
    put_away_service
    [[ $beside == no ]] || drop_keycloak "$WORK/keycloak"
    unset POSTGRES_PRELOAD
}

# The two in turn, both warm. Uses variables of bench_flows.
measure_flows() {
    local pair
    step "Warming up for $1" >&2
    if [[ $beside == yes ]]; then keycloak_flows "$warm" >/dev/null; fi
    keyledger_flows "$1" "$(sized 10 3)" >/dev/null
    for ((pair = 0; pair < pairs; pair++)); do
        if [[ $beside == yes ]]; then keycloak_flows "$seconds"; fi
        keyledger_flows "$1" "$seconds"
    done
}
keyledger_flows() { # NAME SECONDS
    local kafka
    local -a of_kafka=()
    ! kafka=$(process_id "$WORK/service/kafka/pid") || of_kafka=("--process=kafka=$kafka")
    code_flows "$WORK/service" keyledger --name "$1" --seconds "$2" --port "$PORT" --authorize /oauth2/authorize \
        --token /oauth2/token "--process=service=$(service_pid)" "${of_kafka[@]}"
}
keycloak_flows() { # SECONDS
    local -r of_realm=/realms/bench/protocol/openid-connect
    code_flows "$WORK/keycloak" keycloak --name "Keycloak $KEYCLOAK_VERSION, $connections connections" --seconds "$1" --port "$KEYCLOAK_PORT" \
        --authorize "$of_realm/auth" --token "$of_realm/token" "--process=service=$KEYCLOAK_PID"
}
code_flows() { # FOLDER DATABASE OPTION...
    local url=
    pg_make_home "$1/postgres"
    pg_make_passwords
    if [[ $statements == yes ]]; then
        url=postgresql://postgres:$PG_SUPERUSER_PASSWORD@127.0.0.1:$(cat "$PG_HOME/port")/$2
        psql --no-psqlrc --quiet --command='set client_min_messages = warning' \
            --command='create extension if not exists pg_stat_statements' "$url"
    fi
    CODE_FLOW_CLIENT=$(cat "$1/flows/client") KEYLEDGER_LOAD_STATEMENTS_URL=$url measured "$BIN/code_flow" \
        --cookies "$1/flows/cookies" --redirect-uri https://shop.example/callback \
        --connections "$connections" "--process=postgres=$(process_id "$PG_HOME/pid")" "${@:3}"
}
