#!/usr/bin/env bash
# Makes the Debian package of a build, and installs, starts, upgrades, removes and purges it, in a file system of its
# own over the machine's, so that the machine stays as it is. Needs root. Where the kernel gives no such file system
# (some containers) the package is unpacked and started only, and that is said.
#
#   package_test.sh BUILD_DIRECTORY
set -euo pipefail
build=${1:?a build directory}
fail() { echo "package_test.sh: $1" >&2; exit 1; }
check() { "$@" || fail "failed: $*"; }
((EUID == 0)) || fail 'packages can be installed by root only'

# A namespace of mounts: nothing of them is left behind.
in_namespace=${UNDERSTUDY_IN_NAMESPACE:-}
if [[ -z $in_namespace ]]; then
    if unshare --mount --pid --fork --mount-proc bash -c 'd=$(mktemp -d) && mount -t tmpfs tmpfs "$d" && mkdir "$d"/{u,w,r} &&
        mount -t overlay -o "lowerdir=/,upperdir=$d/u,workdir=$d/w" overlay "$d/r"'; then
        UNDERSTUDY_IN_NAMESPACE=yes exec unshare --mount --pid --fork --kill-child --mount-proc "$0" "$build"
    fi
    echo 'package_test.sh: no overlay here: installing and removing is NOT tried' >&2
fi

work=$(mktemp -d /tmp/understudy-package.XXXXXX)
[[ -n $in_namespace ]] && mount -t tmpfs -o size=2g tmpfs "$work"
trap 'jobs -p | xargs --no-run-if-empty kill 2>/dev/null || true
      umount --recursive --lazy "$work" 2>/dev/null || true
      rm -rf --one-file-system "$work"' EXIT
mkdir "$work/root"
(cd "$build" && cpack -G DEB -B "$work/package") >"$work/cpack" 2>&1 || fail "$(cat "$work/cpack")"
package=$(echo "$work"/package/understudy_*.deb)

install_package() {
    mkdir "$work/upper" "$work/work"
    mount -t overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" overlay "$work/root"
    mount -t proc proc "$work/root/proc"
    mount --rbind /dev "$work/root/dev"
    mount -t tmpfs tmpfs "$work/root/run"
    mount -t tmpfs tmpfs "$work/root/tmp"
    cp "$package" "$work/root/tmp/understudy.deb"
    check in_root dpkg --install /tmp/understudy.deb
    [[ $(in_root stat -c '%U:%G %a' /var/lib/understudy) == 'understudy:understudy 700' ]] ||
        fail 'its directory is not its own'
    check in_root bash -n /usr/share/bash-completion/completions/understudy
    if in_root sh -c 'command -v systemd-analyze' >/dev/null; then
        said=$(in_root systemd-analyze verify understudy.service 2>&1 | grep -F understudy.service || true)
        [[ -z $said ]] || fail "systemd: $said"
    fi
}
in_root() { chroot "$work/root" env DEBIAN_FRONTEND=noninteractive "$@"; }

if [[ -n $in_namespace ]]; then
    install_package
    program=(in_root runuser -u understudy -- understudy)
    state=/var/lib/understudy
else
    dpkg-deb --extract "$package" "$work/root"
    program=("$work/root/usr/bin/understudy")
    state=$work/state
fi
files=$work/root/usr/share
check test -s "$files/man/man1/understudy.1"
check "${program[@]}" --version
# The example is a task file: only its passwords are not there.
example=$files/doc/understudy/examples/task.toml
said=$("$work/root/usr/bin/understudy" grants "$example" 2>&1 || true)
[[ $said == *source-password* || $said == *GRANT* ]] || fail "the example: $said"

[[ $(sed -n 's/^ExecStart=//p' "$work/root/usr/lib/systemd/system/understudy.service") == \
    '/usr/bin/understudy serve --data-dir /var/lib/understudy --log-format json' ]] || fail 'the unit starts something else'
: >"$work/log" # the shell in the background makes it when it comes to it
"${program[@]}" serve --data-dir "$state" --log-format json --listen 127.0.0.1:0 2>>"$work/log" &
daemon=$!
address=
for ((i = 0; i < 300; ++i)); do
    address=$(sed -n 's/.*serves http:\/\/127.0.0.1:\([0-9]*\).*/\1/p' "$work/log" | head -1)
    [[ -n $address ]] && break
    sleep 0.1
done
[[ -n $address ]] || fail "the daemon did not start: $(cat "$work/log")"
exec 3<>"/dev/tcp/127.0.0.1/$address"
printf 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$address" >&3
answer=$(head -1 <&3)
exec 3>&-
[[ $answer == *' 200 '* ]] || fail "the daemon says $answer"
kill -TERM "$(pgrep --full --newest "understudy serve --data-dir $state --log-format json --listen 127.0.0.1:0")"
wait "$daemon" || fail "the daemon did not end well: $(cat "$work/log")"

if [[ -n $in_namespace ]]; then
    check in_root dpkg --install /tmp/understudy.deb # the same again, as an upgrade
    check in_root dpkg --remove understudy
    check test ! -e "$work/root/usr/bin/understudy"
    check test -d "$work/root/var/lib/understudy" # until it is purged
    check in_root dpkg --purge understudy
    check test ! -e "$work/root/var/lib/understudy"
fi
echo 'package_test.sh: good'
