#!/usr/bin/env bash
# Runs steps in a bare system (scripts/lib/bare.sh), as the first process of namespaces of its own: when it ends, its
# mounts are gone and whatever the steps left running is ended. Called by scripts/fresh, by unshare.
#
#   inside.sh SYSTEM ACCOUNT FOLDER TIMES    reads binds, environment and steps from SYSTEM.binds, .environment, .steps
#
# Each step is a line TITLE<tab>COMMAND, run by the system's bash in FOLDER; the first that fails is the last. TIMES gets
# a line for each.

set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

mount_system() {
    local system=$1 device here there mode
    mount --bind "$system" "$system"
    mount -o remount,bind,exec,suid,dev "$system"
    mount -t proc proc "$system/proc"
    mount -t sysfs -o ro sysfs "$system/sys" 2>/dev/null || mount --rbind /sys "$system/sys"
    mount -t tmpfs -o mode=0755 tmpfs "$system/dev"
    for device in null zero full random urandom tty; do
        touch "$system/dev/$device"
        mount --bind "/dev/$device" "$system/dev/$device"
    done
    mkdir "$system/dev/pts" "$system/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$system/dev/pts"
    mount -t tmpfs -o mode=1777 tmpfs "$system/dev/shm"
    ln -s pts/ptmx "$system/dev/ptmx"
    ln -s /proc/self/fd "$system/dev/fd"
    for device in stdin:0 stdout:1 stderr:2; do ln -s "/proc/self/fd/${device#*:}" "$system/dev/${device%:*}"; done
    mount -t tmpfs -o mode=0755 tmpfs "$system/run"
    mkdir -m 1777 "$system/run/lock"
    while IFS=$'\t' read -r here there mode; do
        if [[ -d $here ]]; then mkdir -p "$system$there"; else install -D /dev/null "$system$there"; fi
        mount --bind "$here" "$system$there"
        [[ $mode == rw ]] || mount -o remount,bind,ro "$system$there"
    done <"$system.binds"
}

# step_inside SYSTEM ACCOUNT FOLDER COMMAND: with a log-in's environment and the machine's settings, and nothing else.
step_inside() {
    local home path=/usr/local/bin:/usr/bin:/bin
    local -a settings
    mapfile -t settings <"$1.environment"
    home=$(awk -F: -v name="$2" '$1 == name {print $6}' "$1/etc/passwd")
    [[ $2 != root ]] || path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    run_child chroot "$1" /usr/bin/setpriv --reuid="$2" --regid="$2" --init-groups \
        /usr/bin/env -i HOME="$home" USER="$2" LOGNAME="$2" SHELL=/bin/bash PATH="$path" "${settings[@]}" \
        /bin/bash -c "cd '$3' && $4" </dev/null
}

system=$1 account=$2 folder=$3 times=$4
exit_on_signals
trap end_child EXIT
hostname fresh
mount_system "$system"
while IFS=$'\t' read -r title command <&5; do
    started=$(date +%s) status=0
    step "On the bare system, as $account: $command"
    step_inside "$system" "$account" "$folder" "$command" 5<&- || status=$?
    if ((status == 0)); then outcome=passed; else outcome="FAILED ($status)"; fi
    printf '%s\t%s\t%s\n' "$title" "$(seconds_since "$started")" "$outcome" >>"$times"
    ((status == 0)) || exit "$status"
done 5<"$system.steps"
