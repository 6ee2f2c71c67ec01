#!/bin/bash
# `redis-server` and its options as in the official image; as root it becomes redis first.
set -euo pipefail

if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then set -- redis-server "$@"; fi
if [ "$1" != redis-server ]; then exec "$@"; fi
if [ "$(id -u)" = 0 ]; then
  chown redis /data
  exec setpriv --reuid=redis --regid=redis --init-groups "$0" "$@"
fi
shift
case "${1:-}" in
  *.conf) exec redis-server "$@" ;;
  *) exec redis-server /usr/local/lib/redis/redis.conf "$@" ;;
esac
