#!/bin/sh
# Makes the certificates of the tests anew: a CA, a server for loki.test, a client. Good for a hundred years.
set -eu
cd "$(dirname "$0")"
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
key ca
openssl req -x509 -key ca.key -subj '/CN=log-capturer test CA' -days 36500 -out ca.pem
for name in server client; do
  key $name
  san=DNS:$name.test
  [ $name = server ] && san=DNS:loki.test
  printf 'subjectAltName=%s\n' "$san" > ext
  openssl req -new -key $name.key -subj "/CN=$name" | openssl x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -days 36500 -extfile ext -out $name.pem
done
rm -f ca.key ca.srl ext
