#!/usr/bin/env bash
# Installs the Debian 12 packages Clarion is built with; with --test also what the tests use, and
# with --desktop what the tests of clients with windows use. Does nothing when they are all there.
# --check only says what is missing (exit 1 if anything is).
#   tools/install_packages.sh [--test] [--desktop] [--chat] [--check]
set -euo pipefail
cd "$(dirname "$0")/.."

build_packages=(
    g++ cmake ninja-build pkg-config ccache python3
    libboost1.81-dev libssl-dev libexpat1-dev liblmdb-dev libc-ares-dev libicu-dev
    libfmt-dev libspdlog-dev libtomlplusplus-dev libcli11-dev libqrencode-dev doctest-dev
)
test_packages=(
    prosody ejabberd python3-slixmpp python3-aiohttp python3-cryptography dnsmasq-base openssl curl
    iproute2 procps ca-certificates profanity tmux go-sendxmpp faketime python3-venv prometheus
    chromium fonts-dejavu-core python3-html5lib
)
desktop_packages=(gajim gajim-omemo dino-im xdotool xvfb dbus util-linux imagemagick mcabber poezio)

# Node.js runs @xmpp/client and what drives the browser, which are not among Debian's packages. Any of
# version 18 or later will do.
command -v node >/dev/null || test_packages+=(nodejs)
command -v npm >/dev/null || test_packages+=(npm)

packages=("${build_packages[@]}")
check_only=false
with_tests=false
for argument in "$@"; do
    case $argument in
        --test) packages+=("${test_packages[@]}"); with_tests=true ;;
        --desktop) packages+=("${desktop_packages[@]}") ;;
        --chat) packages+=(nodejs npm) ;;
        --check) check_only=true ;;
        *) echo "usage: tools/install_packages.sh [--test] [--desktop] [--chat] [--check]" >&2; exit 2 ;;
    esac
done

installed() {
    [[ $(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

missing=()
for package in "${packages[@]}"; do
    installed "$package" || missing+=("$package")
done
# npm's packages for the tests, as locked in tests/interop/xmpp_js; npm writes the file that is asked
# for here when it is done.
js=build/js_packages
js_missing() {
    $with_tests && ! { cmp -s tests/interop/xmpp_js/package-lock.json $js/package-lock.json &&
                    [[ -e $js/node_modules/.package-lock.json ]]; }
}
install_js() {
    js_missing || return 0
    echo "Installing with npm: @xmpp/client, axe-core, converse.js, playwright-core and ws, into $js"
    mkdir -p $js
    rm -rf $js/node_modules
    cp tests/interop/xmpp_js/package{,-lock}.json $js
    (cd $js && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
}
# PyPI's, as listed in tests/interop/omemo, in an environment of their own; the list beside it says that
# they are all there.
python=build/python_packages
python_list=tests/interop/omemo/requirements.txt
python_missing() {
    $with_tests && ! cmp -s $python_list $python/requirements.txt
}
install_python() {
    python_missing || return 0
    echo "Installing with pip: slixmpp-omemo, into $python"
    /usr/bin/python3 -m venv --clear $python
    $python/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: \
        --requirement $python_list
    cp $python_list $python/requirements.txt
}

if $check_only; then
    ! js_missing || missing+=("@xmpp/client, converse.js, playwright-core, ws (npm)")
    ! python_missing || missing+=("slixmpp-omemo (PyPI)")
    [[ ${#missing[@]} -eq 0 ]] && exit 0
    echo "missing packages: ${missing[*]}"
    exit 1
fi
if [[ ${#missing[@]} -eq 0 ]]; then
    install_js
    install_python
    exit 0
fi

as_root=()
if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null || {
        echo "These packages are missing, and installing them needs root or sudo: ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi

# Servers among the packages (the tests start their own, with their own configuration) must not
# start when they are installed: a policy-rc.d that denies is in place meanwhile.
policy=/usr/sbin/policy-rc.d
kept=$policy.before-clarion
restore_policy() {
    "${as_root[@]}" rm -f "$policy"
    if "${as_root[@]}" test -e "$kept"; then "${as_root[@]}" mv "$kept" "$policy"; fi
}
deny_starts() {
    if [[ -e $policy && ! -e $kept ]]; then "${as_root[@]}" mv "$policy" "$kept"; fi
    trap restore_policy EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
}

echo "Installing with apt-get: ${missing[*]}"
deny_starts
apt_get() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@"
}
apt_get update
new_services=()
for service in prosody ejabberd epmd prometheus; do
    [[ -e /lib/systemd/system/$service.service ]] || new_services+=("$service")
done
apt_get install -y --no-install-recommends "${missing[@]}" >/dev/null
# Nor must they start when the machine is started again.
for service in "${new_services[@]}"; do
    for unit in "$service.service" "$service.socket"; do
        "${as_root[@]}" systemctl disable "$unit" >/dev/null 2>&1 || true
    done
    "${as_root[@]}" update-rc.d "$service" disable >/dev/null 2>&1 || true
done
install_js
install_python
echo "Installed."
