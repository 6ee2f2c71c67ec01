#!/bin/bash
# As in the official image: started as root it becomes rabbitmq first. The broker itself reads
# RABBITMQ_DEFAULT_USER and RABBITMQ_DEFAULT_PASS when it makes a new database.
set -euo pipefail

if [[ "$1" == rabbitmq* ]] && [ "$(id -u)" = 0 ]; then
  chown rabbitmq:rabbitmq /var/lib/rabbitmq
  exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "$0" "$@"
fi
exec "$@"
