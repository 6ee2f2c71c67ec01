#!/bin/bash
# Prints where this machine has Debian's packages from.
set -euo pipefail
# All is read: who stops early breaks the pipe.
apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' | awk '/\/debian\/*$/ && !found++'
