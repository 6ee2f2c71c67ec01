#!/bin/sh
# As in the official image, without the scripts that edit its configuration.
exec "$@"
