# shellcheck shell=bash
# A mailbox on loopback that takes every mail: scripts/lib/mailbox.py, by Debian's aiosmtpd. Needs common.sh.
#
#   start_mailbox DIR [SMTP_PORT [PAGE_PORT]]   sets MAILBOX_SMTP_URL, MAILBOX_CA_FILE, MAILBOX_URL
#   stop_mailbox DIR
#   drop_mailbox DIR                            stops it and removes DIR
#
# Mail is kept in memory: it is gone when the mailbox stops. DIR has its ports, certificate and log.

readonly MAILBOX_START_SECONDS=20 MAILBOX_STOP_SECONDS=5 MAILBOX_PYTHON=/usr/bin/python3 # whose modules Debian installs

mailbox_alive() { process_alive "$1/pid"; }

mailbox_ready() {
    mailbox_alive "$1" || return 0 # no use in waiting longer: the caller looks again
    curl --silent --fail --noproxy '*' --output /dev/null --max-time 2 "http://127.0.0.1:$2/health"
}

# Its own authority, so that the service can require TLS of it as of any other server.
mailbox_certificate() {
    local dir=$1
    ! openssl x509 -checkend 86400 -noout -in "$dir/certificate.pem" >/dev/null 2>&1 || return 0 # good for a day yet
    (
        umask 077
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=mailbox \
            -addext 'subjectAltName=IP:127.0.0.1,DNS:localhost' -keyout "$dir/key.pem" -out "$dir/certificate.new" \
            2>/dev/null
    ) || die "openssl could not make a certificate in $dir"
    mv "$dir/certificate.new" "$dir/certificate.pem"
}

# mailbox_port ASKED OLD OTHER...: the one that was asked for, or the one from before if it is free, or a free one.
mailbox_port() {
    local asked=$1 old=$2
    shift 2
    if [[ -n $asked ]]; then
        ! port_taken "$asked" || die "port $asked is in use; choose another for the mailbox"
        printf '%d' "$asked"
    elif [[ -n $old && " $* " != *" $old "* ]] && ! port_taken "$old"; then
        printf '%d' "$old"
    else
        free_port "$@"
    fi
}

start_mailbox() {
    local dir=$1 smtp_port=${2:-} page_port=${3:-} old_smtp='' old_page=''
    "$MAILBOX_PYTHON" -c 'import aiosmtpd' 2>/dev/null || die "there is no aiosmtpd; run scripts/install mailbox"
    mkdir -p "$dir"
    read -r old_smtp old_page 2>/dev/null <"$dir/ports" || true
    if mailbox_alive "$dir"; then
        smtp_port=$old_smtp page_port=$old_page
    else
        smtp_port=$(mailbox_port "$smtp_port" "$old_smtp")
        page_port=$(mailbox_port "$page_port" "$old_page" "$smtp_port")
        mailbox_certificate "$dir"
        printf '%s %s\n' "$smtp_port" "$page_port" >"$dir/ports"
        spawn "$dir/pid" "$dir/log" "$MAILBOX_PYTHON" -B "$ROOT/scripts/lib/mailbox.py" --smtp-port "$smtp_port" \
            --page-port "$page_port" --certificate "$dir/certificate.pem" --key "$dir/key.pem"
        if ! await "$MAILBOX_START_SECONDS" mailbox_ready "$dir" "$page_port" || ! mailbox_alive "$dir"; then
            tail -n 5 "$dir/log" >&2
            die "the mailbox did not start; its log is $dir/log"
        fi
    fi
    # shellcheck disable=SC2034
    MAILBOX_SMTP_URL=smtp://127.0.0.1:$smtp_port MAILBOX_URL=http://127.0.0.1:$page_port \
        MAILBOX_CA_FILE=$dir/certificate.pem
}

stop_mailbox() { stop_process "$1/pid" 'the mailbox' "$MAILBOX_STOP_SECONDS"; }

drop_mailbox() {
    stop_mailbox "$1"
    rm -rf "$1"
}
