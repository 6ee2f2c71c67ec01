#!/bin/sh
# As in the official image: as root the data is given to the server's user first.
set -eu
if [ "$(id -u)" = 0 ]; then chown -R mosquitto:mosquitto /mosquitto; fi
exec "$@"
