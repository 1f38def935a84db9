#!/bin/sh
# Makes a self-signed certificate for tests and first steps; real servers get theirs from an
# authority (see docs). The files can be given to [tls] certificate, private_key and, so that the
# other side believes it, ca.
#
# usage: tools/dev_cert.sh DIRECTORY DOMAIN...    writes DIRECTORY/cert.pem and DIRECTORY/key.pem
#        DAYS=3650 (default) says how long it is valid, NAME=cert the file's name
#
# Existing files are kept: delete them to get new ones.
set -eu

if [ $# -lt 2 ]; then
    echo "usage: $0 DIRECTORY DOMAIN..." >&2
    exit 2
fi
directory=$1
shift
cert=$directory/${NAME:-cert}.pem
key=$directory/${NAME:-key}.pem
[ -n "${NAME:-}" ] && key=$directory/$NAME.key.pem

if [ -e "$cert" ] && [ -e "$key" ]; then
    echo "$cert and $key exist already"
    exit 0
fi

# Each domain as a DNS name, also for what is below it, and as the names XMPP has of its own
# (RFC 6120, 13.7.1.2.1).
names=
for domain in "$@"; do
    names="$names${names:+,}DNS:$domain,DNS:*.$domain"
    names="$names,otherName:1.3.6.1.5.5.7.8.5;UTF8:$domain"
    names="$names,otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpp-server.$domain"
    names="$names,otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpp-client.$domain"
done

mkdir -p "$directory"
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 \
    -days "${DAYS:-3650}" -subj "/CN=$1" -addext "subjectAltName=$names" \
    -addext "basicConstraints=critical,CA:FALSE" -keyout "$key" -out "$cert" 2>/dev/null
chmod 644 "$cert"
echo "wrote $cert and $key for $*"
