#!/bin/bash
# The part of the official image's contract that matters here: MARIADB_DATABASE, MARIADB_USER, MARIADB_PASSWORD
# and MARIADB_ROOT_PASSWORD or their forms for files; started as root or as any other user.
set -euo pipefail

if [ "${1:0:1}" = - ]; then set -- mariadbd "$@"; fi
if [ "$1" != mariadbd ]; then exec "$@"; fi
if [ "$(id -u)" = 0 ]; then
  chown -R mysql /var/lib/mysql /run/mysqld
  exec setpriv --reuid=mysql --regid=mysql --init-groups "$0" "$@"
fi
for name in MARIADB_DATABASE MARIADB_USER MARIADB_PASSWORD MARIADB_ROOT_PASSWORD; do
  file=${name}_FILE
  if [ -n "${!file:-}" ]; then printf -v "$name" %s "$(<"${!file}")"; fi
done

if [ ! -d /var/lib/mysql/mysql ]; then
  if [ -z "${MARIADB_ROOT_PASSWORD:-}" ]; then
    echo 'error: MARIADB_ROOT_PASSWORD is not set' >&2
    exit 1
  fi
  mariadb-install-db --datadir=/var/lib/mysql --auth-root-authentication-method=normal --skip-test-db >/dev/null
  # Without a TCP address, so that nobody takes this server for the one that is meant.
  mariadbd --skip-networking --socket=/run/mysqld/mysqld.sock &
  for _ in $(seq 60); do
    if mariadb-admin --user=root --silent ping >/dev/null 2>&1; then break; fi
    sleep 0.5
  done
  mariadb --user=root <<SQL
CREATE DATABASE IF NOT EXISTS \`$MARIADB_DATABASE\`;
CREATE USER '$MARIADB_USER'@'%' IDENTIFIED BY '$MARIADB_PASSWORD';
GRANT ALL ON \`$MARIADB_DATABASE\`.* TO '$MARIADB_USER'@'%';
ALTER USER 'root'@'localhost' IDENTIFIED BY '$MARIADB_ROOT_PASSWORD';
CREATE USER 'root'@'%' IDENTIFIED BY '$MARIADB_ROOT_PASSWORD';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
SQL
  MYSQL_PWD=$MARIADB_ROOT_PASSWORD mariadb-admin --user=root shutdown
  wait
fi
unset MARIADB_PASSWORD MARIADB_ROOT_PASSWORD
exec "$@"
