#!/bin/sh
# As in the official image: options alone are for the server.
set -eu
if [ "${1#-}" != "$1" ]; then set -- memcached "$@"; fi
exec "$@"
