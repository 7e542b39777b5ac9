# shellcheck shell=bash
# What scripts/demo tells its story with: requests and their answers, mail, tables. Needs common.sh, and what
# scripts/run wrote into .run/env.
# shellcheck disable=SC2034 # most of it is for whoever tells the story

readonly WAIT_SECONDS=60
BODY='' STATUS='' POSITION=0 WORK='' # of the last answer
MAIL='' MAIL_CODE='' MAIL_LINK=''    # of the mail that was read last
declare -A READ_MAILS=()

heading() {
    if [[ -t 1 ]]; then
        printf '\n\033[1m%s\033[0m\n' "$*"
    else
        printf '\n%s\n' "$*"
    fi
}
note() { printf '   %s\n' "$*"; }
short() { printf '%s…%s' "${1:0:12}" "${1: -6}"; }
field() { jq -er "$1" <<<"$BODY" || die "the answer lacks $1: $BODY"; }

# request METHOD PATH [CURL OPTION...]: puts the answer into STATUS, BODY and, where it has one, POSITION.
request() {
    local method=$1 path=$2 position
    shift 2
    STATUS=$(curl --silent --show-error --max-time 30 --request "$method" --dump-header "$WORK/headers" \
        --output "$WORK/body" --write-out '%{http_code}' "$@" "$KEYLEDGER_URL$path") ||
        die "$method $path: no answer; is the service still running? (log: $RUN_DIR/log/keyledger.log)"
    BODY=$(<"$WORK/body")
    position=$(tr -d '\r' <"$WORK/headers" | sed -n 's/^[Kk]eyledger-[Pp]osition: //p')
    [[ -z $position ]] || POSITION=$position
    printf '   %-6s %-38s %s\n' "$method" "${path%%\?*}" "$STATUS"
}

expect() { [[ $STATUS == "$1" ]] || die "expected status $1, got $STATUS: $BODY"; }

# Bodies and tokens go through files, not arguments: those are readable by everybody on the machine.
json_request() {
    local method=$1 path=$2 body=$3
    shift 3
    printf '%s' "$body" >"$WORK/request"
    request "$method" "$path" --header 'Content-Type: application/json' --data-binary "@$WORK/request" "$@"
}

bearer() {
    printf 'Authorization: Bearer %s\n' "$1" >"$WORK/authorization"
    printf '%s' "@$WORK/authorization"
}

as_client() {
    printf 'user = "%s:%s"\n' "$KEYLEDGER_INTROSPECTION_CLIENT_ID" "$KEYLEDGER_INTROSPECTION_CLIENT_SECRET" \
        >"$WORK/client"
    printf '%s' "$WORK/client"
}

form_request() {
    printf '%s' "$2" >"$WORK/token"
    request POST "$1" --config "$(as_client)" --data-urlencode "token@$WORK/token"
}

reads_mail() {
    [[ -n $KEYLEDGER_MAILBOX_URL ]] && return
    note 'skipped: your SMTP server takes the mail, and scripts/run does not know where it is read'
    return 1
}

# The oldest mail of a subject to an address that nobody read yet: its JSON into MAIL.
find_mail() { # ADDRESS SUBJECT
    local number
    curl --silent --fail --noproxy '*' --max-time 30 --get --data-urlencode "to=$1" --data wait=1 \
        "$KEYLEDGER_MAILBOX_URL/messages" >"$WORK/mails" || die "the mailbox does not answer at $KEYLEDGER_MAILBOX_URL"
    while read -r number; do
        [[ -z ${READ_MAILS[$number]:-} ]] || continue
        READ_MAILS[$number]=yes
        MAIL=$(jq --argjson id "$number" '.messages[] | select(.id == $id)' "$WORK/mails")
        return
    done < <(jq --arg subject "$2" '.messages[] | select(.subject | contains($subject)).id' "$WORK/mails")
    return 1
}

# read_mail ADDRESS SUBJECT: waits for a mail whose subject has those words; puts its code and its first link, where it
# has them, into MAIL_CODE and MAIL_LINK.
read_mail() {
    await "$WAIT_SECONDS" find_mail "$1" "$2" ||
        die "no mail '$2' came to $1 within $WAIT_SECONDS s; see $RUN_DIR/log/keyledger.log"
    MAIL_CODE=$(jq -r '[.text | scan("(?m)^ {4}([0-9]{6,8})$")][0][0] // ""' <<<"$MAIL")
    MAIL_LINK=$(jq -r '.links[0] // ""' <<<"$MAIL")
    note "mail to $1: $(jq -r .subject <<<"$MAIL")"
}

# column_of FORMAT: prints lines of tab-separated fields.
column_of() {
    local -a fields
    while IFS=$'\t' read -ra fields; do
        # shellcheck disable=SC2059
        printf "$1" "${fields[@]}"
    done
}
