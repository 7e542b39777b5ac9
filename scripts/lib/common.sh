# shellcheck shell=bash
# What every script here shares: words for the user, processes that are started and ended by id, waiting for
# conditions. Sourced after `set -euo pipefail`.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly ROOT
# Where scripts/run keeps its servers, unless --run-dir names another place.
# shellcheck disable=SC2034
RUN_DIR=$ROOT/.run

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# The comment at the head of a script is its --help.
print_help() { sed -n '2,/^$/{s/^# \{0,1\}//;p}' "$0"; }

# value_of OPTION [VALUE] ...: puts the value that an option needs into REPLY, or ends with a clear error.
value_of() {
    [[ $# -ge 2 && -n $2 && $2 != --* ]] || die "$1 needs a value; see scripts/$(basename "$0") --help"
    REPLY=$2
}

port_of() {
    value_of "$@"
    if [[ ! $REPLY =~ ^[1-9][0-9]{0,4}$ ]] || ((REPLY > 65535)); then
        die "$1 wants a port from 1 to 65535, not '$REPLY'"
    fi
}

random_hex() { od -An -v -tx1 -N"$1" /dev/urandom | tr -d ' \n'; }

seconds_since() { printf '%d s' $(($(date +%s) - $1)); }

# ---- Waiting -----------------------------------------------------------------------------------------

# await SECONDS COMMAND...: asks until the command succeeds; false when the time is over.
await() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A port nobody listens on, below the range from which outgoing connections take theirs. Another process may
# still be faster, so whoever uses one must be ready to ask again. free_port OTHER...: none of those, which are chosen and
# not taken yet.
free_port() {
    local port
    for _ in {1..200}; do
        port=$((20000 + RANDOM % 12000))
        [[ " $* " == *" $port "* ]] || port_taken "$port" || { printf '%d' "$port"; return; }
    done
    die "found no free port between 20000 and 32000 on 127.0.0.1"
}

# ---- Processes ---------------------------------------------------------------------------------------

# Field 22 of /proc/PID/stat is the start time: with it a recycled process id is not mistaken for ours.
# A zombie counts as gone.
process_birth() {
    local stat
    local -a fields
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    read -ra fields <<<"${stat##*) }" # from field 3 on: the name in field 2 may hold anything
    [[ ${fields[0]} != Z ]] || return 1
    printf '%s' "${fields[19]}"
}

remember_process() { printf '%s %s\n' "$2" "$(process_birth "$2")" >"$1"; }

is_process() { [[ $(process_birth "$1") == "$2" ]]; }
is_gone() { ! is_process "$@"; }

process_id() {
    local pid birth
    read -r pid birth 2>/dev/null <"$1" || return 1
    is_process "$pid" "$birth" || return 1
    printf '%s' "$pid"
}

process_alive() { process_id "$1" >/dev/null 2>&1; }

# stop_process FILE NAME SECONDS: asks the remembered process to end and waits until it is gone; kills it if
# it is still there after that many seconds.
stop_process() {
    local pid birth
    if process_alive "$1" && read -r pid birth 2>/dev/null <"$1"; then
        kill -TERM "$pid" 2>/dev/null || true
        if ! await "$3" is_gone "$pid" "$birth"; then
            warn "$2 (process $pid) did not stop within $3 s and is killed"
            kill -KILL "$pid" 2>/dev/null || true
            await 10 is_gone "$pid" "$birth" || warn "$2 (process $pid) is still there"
        fi
    fi
    rm -f "$1"
}

# spawn FILE LOG [ENV OPTION...] COMMAND...: starts a server in a session of its own, so that Ctrl-C reaches only the
# script, which then stops its servers in order. Locks (descriptors 8, 9) are not handed down. Options are those of
# env, such as --chdir=DIR.
spawn() {
    local file=$1 log=$2
    shift 2
    setsid env --default-signal=INT,QUIT "$@" </dev/null >>"$log" 2>&1 8>&- 9>&- &
    remember_process "$file" $!
}

# run_child COMMAND...: runs a long command such that a signal to the script is acted on at once and ends the
# command with all its children. Whoever uses it calls end_child in an EXIT trap of their own.
CHILD=
run_child() {
    local status=0
    setsid env --default-signal=INT,QUIT "$@" &
    CHILD=$!
    wait "$CHILD" || status=$?
    CHILD=
    return "$status"
}

end_child() {
    [[ -n $CHILD ]] || return 0
    kill -TERM -- "-$CHILD" 2>/dev/null || true
    wait "$CHILD" 2>/dev/null || true
    CHILD=
}

# with_progress TEXT LOG COMMAND...: a long quiet command; says every ten seconds that it still works. Its
# output goes to LOG, whose end is shown if it fails.
with_progress() {
    local text=$1 log=$2 started status=0 ticker
    started=$(date +%s)
    shift 2
    say "$text ..."
    (
        # The sleep must not hold the caller's output open after its parent ended.
        while sleep 10 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do say "    still at it, $(seconds_since "$started")"; done
    ) 8>&- 9>&- &
    ticker=$!
    run_child "$@" >"$log" 2>&1 || status=$?
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    if ((status != 0)); then
        tail -n 15 "$log" | sed 's/^/    /' >&2
        return "$status"
    fi
    say "    done in $(seconds_since "$started")"
}

# Signals end the script through its EXIT trap, which does the cleaning.
exit_on_signals() {
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
}

# ---- Building ----------------------------------------------------------------------------------------

# As many compilers as there are cores, and no more than memory bears (the largest file takes about 1.5 GiB).
build_jobs() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/^MemAvailable/ {print int($2 / 1572864)}' /proc/meminfo)
    ((memory >= 1)) || memory=1
    printf '%d' $((cores < memory ? cores : memory))
}

# build PRESET DIRECTORY TARGET...: configures once, then builds; two scripts never build in one directory at once.
build() {
    local preset=$1 directory=$2
    shift 2
    mkdir -p "$directory"
    exec 8>"$directory/.lock"
    flock -n 8 || { say "waiting for another build in $directory"; flock 8; }
    if [[ ! -f $directory/build.ninja ]]; then
        run_child cmake -S "$ROOT" -B "$directory" --preset "$preset" || return 1
    fi
    run_child cmake --build "$directory" --parallel "$(build_jobs)" --target "$@" || return 1
    exec 8>&-
}
