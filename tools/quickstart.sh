#!/usr/bin/env bash
# From a fresh Debian 12 machine to a running server: installs packages, builds, writes ./run/, creates two accounts, starts.
#
#   tools/quickstart.sh [--no-start] [--domain NAME] [--c2s-port PORT] ...
#
#   --no-start              stop before the server is started
#   --domain NAME           the XMPP domain (default: localhost)
#   --c2s-port PORT         for clients, with STARTTLS (default: 5222)
#   --c2s-tls-port PORT     for clients, with TLS from the start (default: 5223)
#   --s2s-port PORT         for other servers (default: 5269)
#   --https-port PORT       for browsers (default: 5281)
#   --component-port PORT   for components, of this machine only (default: 5347)
#
# Run again: starts at once with what is there. Domain and ports are those of run/clarion.toml then.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A chosen=()
start=yes
while [ $# -gt 0 ]; do
    case $1 in
        --no-start) start=no ;;
        --domain | --c2s-port | --c2s-tls-port | --s2s-port | --https-port | --component-port)
            if [ $# -lt 2 ]; then
                echo "quickstart: $1 needs a value" >&2
                exit 2
            fi
            chosen[${1#--}]=$2
            shift
            ;;
        -h | --help)
            sed -n '2,14s/^# \{0,1\}//p' "$0"
            exit 0
            ;;
        *)
            echo "quickstart: unknown argument $1 (see --help)" >&2
            exit 2
            ;;
    esac
    shift
done

domain=${chosen[domain]:-localhost}
bin=build/release/bin
config=run/clarion.toml
socket=run/data/admin.sock
converse_version=14.0.0

build() {
    [ -x "$bin/clariond" ] && [ -x "$bin/clarionctl" ] && [ -f run/accounts.txt ] && return
    tools/install_packages.sh
    tools/build.sh release
}

password() { head -c 12 /dev/urandom | base64 | tr '+/' 'xy'; }

# The port of a listener in run/clarion.toml.
port_of() { sed -n "/^type = \"$1\"/,/^port/s/^port = //p" "$config"; }

# What was asked for and what is there already must not differ in silence.
compare_with_config() {
    local differs='' name there
    for name in "${!chosen[@]}"; do
        case $name in
            domain) there=$(sed -n 's/^domains = \["\(.*\)"\].*/\1/p' "$config") ;;
            *) there=$(port_of "${name%-port}") ;;
        esac
        [ "$there" = "${chosen[$name]}" ] || differs+=" --$name is $there"
    done
    [ -z "$differs" ] && return
    echo "quickstart: in $config$differs. Edit that file, or remove run/ to begin anew." >&2
    exit 1
}

write_config() {
    if [ -f "$config" ]; then
        compare_with_config
        return
    fi
    mkdir -p run
    tools/dev_cert.sh run "$domain"
    sed -e "s/^domains = .*/domains = [\"$domain\"]\nadmins = [\"juliet@$domain\"]/" -e 's|^data_dir = .*|data_dir = "data"|' \
        -e 's|^admin_socket = .*|admin_socket = "data/admin.sock"|' \
        -e 's|^certificate = .*|certificate = "cert.pem"|' -e 's|^private_key = .*|private_key = "key.pem"|' \
        -e "/^type = \"c2s\"/,/^port/s/^port = .*/port = ${chosen[c2s-port]:-5222}/" \
        -e "/^type = \"c2s-tls\"/,/^port/s/^port = .*/port = ${chosen[c2s-tls-port]:-5223}/" \
        -e "/^type = \"s2s\"/,/^port/s/^port = .*/port = ${chosen[s2s-port]:-5269}/" \
        -e "/^type = \"https\"/,/^port/s/^port = .*/port = ${chosen[https-port]:-5281}/" \
        conf/clarion.toml > "$config"
    cat >> "$config" << TOML

# Rooms for group chat: docs/rooms.md.
[muc."rooms.$domain"]

# The chat page for browsers: docs/web-chat.md.
[web]
directory = "chat"

# Pages for administrators and for everybody: docs/console.md. Links for friends: docs/invitations.md.
[console]
administrators = true
users = true

[invitations]
users_may_invite_accounts = true

# For tools/demo_push.py: a push service of your own, attached as a component.
[component."push.$domain"]
secret = "$(password)"

[[listen]]
type = "component"
address = "127.0.0.1"
port = ${chosen[component-port]:-5347}
TOML
    chmod 600 "$config"
    echo "wrote $config"
}

# A page with Converse.js, which npm has. Without it there is everything but the page.
chat_page() {
    mkdir -p run/chat
    [ -d run/chat/converse ] && return
    command -v npm > /dev/null || tools/install_packages.sh --chat
    local archive
    if archive=$(cd run && npm pack --silent "converse.js@$converse_version"); then
        tar xzf "run/$archive" --strip-components=2 --exclude='*.map' --one-top-level=run/chat/converse.new package/dist
        rm "run/$archive"
        cp conf/converse/* run/chat/
        mv run/chat/converse.new run/chat/converse
    else
        echo "quickstart: npm could not get Converse.js, so there is no chat page; everything else works" >&2
    fi
}

# Starts the server for a moment to create the accounts through its admin socket.
create_accounts() {
    [ -f run/accounts.txt ] && return
    "$bin/clariond" --config "$config" 2> run/first-start.log &
    local pid=$! tries=100
    until "$bin/clarionctl" --socket "$socket" status > /dev/null 2>&1; do
        tries=$((tries - 1))
        if [ "$tries" = 0 ] || ! kill -0 "$pid" 2> /dev/null; then
            echo "quickstart: the server did not start:" >&2
            tail -5 run/first-start.log >&2
            kill "$pid" 2> /dev/null || true
            exit 1
        fi
        sleep 0.1
    done
    umask 077
    for name in juliet romeo; do
        printf '%s@%s\t%s\n' "$name" "$domain" "$(password)"
    done > run/accounts.new
    "$bin/clarionctl" --socket "$socket" user import run/accounts.new
    "$bin/clarionctl" --socket "$socket" stop > /dev/null
    wait "$pid"
    mv run/accounts.new run/accounts.txt
}

explain() {
    local port page= web
    port=$(port_of c2s)
    web="https://$(sed -n 's/^domains = \["\(.*\)"\].*/\1/p' "$config"):$(port_of https)"
    [ -d run/chat/converse ] && page="
  Chat in a browser: $web/ . The certificate is self-signed: tell the browser
  to go on all the same. One of the two in a private window, and each can write to the other.
"
    cat <<TEXT

Clarion for "$(sed -n 's/^domains = \["\(.*\)"\].*/\1/p' "$config")" is ready.

  Two accounts (run/accounts.txt):
$(sed 's/^/    /; s/\t/   password: /' run/accounts.txt)

$page
  Or connect with any XMPP client to 127.0.0.1, port $port. The certificate is self-signed: the client
  will ask whether you trust it. With profanity:
    profanity
    /connect $(head -1 run/accounts.txt | cut -f1) server 127.0.0.1 port $port tls trust

  Invite a friend by a link, see your own account: $web/me/
  Administer it in a browser, as juliet: $web/admin/

  Or from another terminal:
    $bin/clarionctl --config $config status
    $bin/clarionctl --config $config --help

TEXT
}

build
write_config
chat_page
create_accounts
explain
[ "$start" = yes ] || exit 0
exec "$bin/clariond" --config "$config"
