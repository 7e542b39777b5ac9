# shellcheck shell=bash
# A bare Debian 12 in a folder: what debootstrap makes, with the settings that this machine needs to reach its mirrors
# and registries, and nothing else of it. Needs common.sh, and root.
#
#   bare_possible             whether one can be made here; false, with the reason in BARE_PROBLEM, if not
#   make_bare SYSTEM          sets BARE_CACHE
#   give_checkout SYSTEM FOLDER ACCOUNT
#   bare_account SYSTEM ACCOUNT      makes it if it isn't root, and gives it the settings of its clients
#   bare_binds SYSTEM ACCOUNT        prints what is to be mounted from this machine: HERE<tab>THERE<tab>ro|rw
#   bare_environment SYSTEM          prints NAME=VALUE of this machine's settings, a line each

readonly BARE_SUITE=bookworm BARE_DAYS=7 BARE_DEB_DAYS=30 BARE_NEEDS_GIB=10
readonly BARE_WITH=ca-certificates,sudo
# Clients' settings by name; those with passwords in them are the machine's to give. PATH and languages stay behind.
readonly BARE_VARIABLES='^((http|https|ftp|all|no)_proxy|(HTTP|HTTPS|FTP|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)|CURL_CA_BUNDLE|'\
'REQUESTS_CA_BUNDLE|NODE_EXTRA_CA_CERTS|(PIP|NPM_CONFIG|npm_config)_[A-Za-z_]+|GO(PROXY|SUMDB|NOSUMDB|NOPROXY|PRIVATE|'\
'INSECURE|FLAGS|TOOLCHAIN)|MAVEN_(OPTS|ARGS)|CCACHE_MAXSIZE|CI)$'

bare_folder() { printf '%s' "${KEYLEDGER_FRESH_DIR:-/var/tmp}"; }

bare_possible() {
    local free
    BARE_PROBLEM=
    free=$(df --output=avail -BG "$(bare_folder)" | tr -dc '0-9')
    if ((EUID != 0)); then
        BARE_PROBLEM="it takes root, to mount and to change the root directory"
    elif ! "$ROOT/scripts/install" fresh >&2 || ! command -v debootstrap >/dev/null; then
        BARE_PROBLEM="debootstrap is not here and could not be installed"
    elif ! bare_may_mount; then
        BARE_PROBLEM="root may not mount here (unshare --mount --pid)"
    elif ((free < BARE_NEEDS_GIB)); then
        BARE_PROBLEM="$(bare_folder) has $free GiB left and it takes $BARE_NEEDS_GIB; KEYLEDGER_FRESH_DIR names another place"
    fi
    [[ -z $BARE_PROBLEM ]]
}

# What scripts/lib/inside.sh does first.
bare_may_mount() {
    local probe status=0
    probe=$(mktemp -d "$(bare_folder)/keyledger-probe.XXXXXX")
    # shellcheck disable=SC2016 # it is for the bash that it starts
    unshare --mount --pid --ipc --uts --fork --kill-child bash -c 'mount -t proc proc "$0" && mount -t tmpfs tmpfs "$0" &&
        touch "$0/null" && mount --bind /dev/null "$0/null" && echo >"$0/null" && chroot / true' "$probe" \
        >/dev/null 2>&1 || status=1
    rmdir "$probe"
    return "$status"
}

make_bare() {
    local system=$1
    bare_claim_cache
    # apt names its mirrors once it has their lists.
    [[ -n $(bare_mirrors) ]] || apt-get update --quiet || warn "apt-get update failed: debootstrap's own mirror is taken"
    bare_base
    tar --extract --file="$BARE_CACHE/$BARE_SUITE.tar.gz" --directory="$system" --numeric-owner
    bare_apt_settings "$system"
    bare_certificates "$system"
    install -m 0644 /etc/resolv.conf "$system/etc/resolv.conf"
    printf '127.0.0.1 localhost\n127.0.1.1 fresh\n::1 localhost\n' >"$system/etc/hosts"
    printf 'fresh\n' >"$system/etc/hostname"
    # Whether it survives a power cut is nobody's concern, and it halves the time.
    printf 'force-unsafe-io\n' >"$system/etc/dpkg/dpkg.cfg.d/fresh"
}

# Downloads are kept between runs: that hides no step that is missing. One run at a time has them; another that comes
# meanwhile downloads for itself.
bare_claim_cache() {
    local shared
    shared=$(kafka_cache)/fresh
    mkdir -p "$shared"
    exec 7>"$shared/lock"
    if flock -n 7; then
        BARE_CACHE=$shared
    else
        BARE_CACHE=$WORK/cache
        mkdir -p "$BARE_CACHE"
        cp --preserve=timestamps "$shared/$BARE_SUITE.tar.gz" "$BARE_CACHE/" 2>/dev/null || true
    fi
    mkdir -p "$BARE_CACHE/debs"
    find "$BARE_CACHE/debs" -name '*.deb' -ctime +"$BARE_DEB_DAYS" -delete
}

bare_base() {
    local base=$BARE_CACHE/$BARE_SUITE.tar.gz mirror proxy=
    [[ -z $(find "$base" -mtime -"$BARE_DAYS" 2>/dev/null) ]] || return 0
    mirror=$(bare_mirrors | awk -v suite="$BARE_SUITE" '$2 == suite {print $1; exit}')
    # It downloads by wget, which knows nothing of apt's settings.
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    mkdir "$WORK/base"
    with_progress "Making a bare Debian ($BARE_SUITE)" "$WORK/debootstrap.log" \
        env ${proxy:+"http_proxy=$proxy"} debootstrap --variant=minbase --include="$BARE_WITH" \
        --cache-dir="$(realpath "$BARE_CACHE/debs")" "$BARE_SUITE" "$WORK/base" ${mirror:+"$mirror"} ||
        die "debootstrap failed; is there a network?"
    rm -rf "$WORK"/base/var/cache/apt/archives/*.deb "$WORK"/base/var/lib/apt/lists/*
    tar --create --file="$base.new" --use-compress-program='gzip -1' --directory="$WORK/base" --numeric-owner .
    mv "$base.new" "$base"
    rm -rf "$WORK/base"
}

# The machine's mirrors of Debian, and of nobody else: URI SUITE. A package of another's would hide that it is missing.
bare_mirrors() {
    # shellcheck disable=SC2016 # the names are apt's
    apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v suite="$BARE_SUITE" '$1 ~ /^(Debian|\$\(ORIGIN\))$/ && $4 == "main" && $3 ~ "^" suite "(-updates|-security)?$" {
            print $2, $3
        }' | sort -u
}

bare_apt_settings() {
    local system=$1 none uri suite
    [[ -z $(bare_mirrors) ]] || bare_mirrors | while read -r uri suite; do
        printf 'deb %s %s main\n' "$uri" "$suite"
    done >"$system/etc/apt/sources.list"
    none=$WORK/apt.none
    printf 'Dir::Etc::parts "/dev/null"; Dir::Etc::main "/dev/null";\n' >"$none"
    comm -23 <(apt-config dump | grep '^Acquire::' | sort) <(APT_CONFIG=$none apt-config dump 2>/dev/null | sort) |
        grep -v '^Acquire::IndexTargets' >"$system/etc/apt/apt.conf.d/90machine" || true
    bare_copy "$system" /etc/apt/auth.conf /etc/apt/auth.conf.d
}

bare_certificates() {
    [[ -n $(find /usr/local/share/ca-certificates -name '*.crt' 2>/dev/null) ]] || return 0
    bare_copy "$1" /usr/local/share/ca-certificates
    # A TMPDIR of this machine is not there.
    env --unset=TMPDIR chroot "$1" /usr/sbin/update-ca-certificates >"$WORK/certificates.log" 2>&1 ||
        die "the machine's certificates could not be taken over; see $WORK/certificates.log"
}

# bare_copy SYSTEM PATH...: to the same place, where it exists.
bare_copy() {
    local system=$1 path
    shift
    for path in "$@"; do
        [[ -e $path ]] || continue
        mkdir -p "$system$(dirname "$path")"
        cp --recursive --dereference --preserve=mode "$path" "$system$(dirname "$path")/"
    done
}

bare_home() { if [[ $1 == root ]]; then printf /root; else printf '/home/%s' "$1"; fi; }

bare_account() {
    local system=$1 account=$2 home file
    home=$(bare_home "$account")
    if [[ $account != root ]]; then
        chroot "$system" /usr/sbin/useradd --create-home --shell /bin/bash "$account"
        printf '%s ALL=(ALL) NOPASSWD: ALL\n' "$account" >"$system/etc/sudoers.d/$account"
    fi
    bare_copy "$system" /etc/pip.conf /etc/npmrc /usr/etc/npmrc
    # Debian's npm reads the file for everybody elsewhere than others do.
    [[ ! -f /usr/etc/npmrc || -f /etc/npmrc ]] || install -m 0644 /usr/etc/npmrc "$system/etc/npmrc"
    for file in .npmrc .pip/pip.conf .config/pip/pip.conf .config/go/env .m2/settings.xml .m2/settings-security.xml; do
        [[ -f ~/$file ]] || continue
        mkdir -p "$system$home/$(dirname "$file")"
        cp --dereference --preserve=mode ~/"$file" "$system$home/$file"
    done
    mkdir -p "$system$home/.m2/repository" "$system$home/.npm" # bare_binds mounts there
    bare_give "$system" "$account" "$system$home"
}

# bare_give SYSTEM ACCOUNT PATH...: makes it the owner, by the numbers that the system knows it under.
bare_give() {
    local owner
    owner=$(awk -F: -v name="$2" '$1 == name {print $3 ":" $4}' "$1/etc/passwd")
    chown -R "$owner" "${@:3}"
}

# give_checkout: what git would commit, as it is now, or all of an export.
give_checkout() {
    local system=$1 folder=$2 account=$3
    mkdir -p "$system$folder"
    if git -C "$ROOT" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git -C "$ROOT" ls-files -z --cached --others --exclude-standard
    else
        (cd "$ROOT" && find . \( -name build -o -name .run -o -name .git -o -name node_modules \) -prune -o -type f -print0)
    fi | (cd "$ROOT" && while IFS= read -r -d '' file; do [[ ! -e $file ]] || printf '%s\0' "$file"; done |
        tar --create --null --files-from=-) | tar --extract --directory="$system$folder" --no-same-owner
    bare_give "$system" "$account" "$system$folder"
}

bare_binds() {
    local system=$1 account=$2 home line path
    home=$(bare_home "$account")
    mkdir -p "$BARE_CACHE/$account/maven" "$BARE_CACHE/$account/npm"
    bare_give "$system" "$account" "$BARE_CACHE/$account"
    printf '%s\t%s\trw\n' "$BARE_CACHE/debs" /var/cache/apt/archives "$BARE_CACHE/$account/maven" "$home/.m2/repository" \
        "$BARE_CACHE/$account/npm" "$home/.npm"
    # What a setting names and the system lacks.
    while read -r line; do
        path=${line#*=}
        [[ $path != /* || ! -e $path || -e $system$path ]] || printf '%s\t%s\tro\n' "$path" "$path"
    done < <(bare_environment)
}

bare_environment() {
    local name
    while read -r name; do
        [[ ! $name =~ $BARE_VARIABLES || ${!name} == *$'\n'* ]] || printf '%s=%s\n' "$name" "${!name}"
    done < <(compgen -e)
}
