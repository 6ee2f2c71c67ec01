#!/bin/bash
# Builds a Kubernetes 1.20.2 API server from Debian 12's source package, in which every Go dependency
# is vendored. Under three minutes on two cores; quick when it is there already.
#
#   apiserver-build.sh [FOLDER]      FOLDER: default /var/tmp/orch-apiserver; prints it
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(realpath -m "${1:-/var/tmp/orch-apiserver}")
server=$folder/kube-apiserver
if [ -x "$server" ]; then echo "$folder"; exit 0; fi
mkdir -p "$folder"

log=$folder/build.log
ended() { if [ "$1" != 0 ]; then tail -n 20 "$log" >&2; fi; }
trap 'ended "$?"' EXIT

# Package lists of its own: nothing about the machine's sources is changed.
sources() {
  local name=$1
  shift
  apt-get -qq -o Dir::Etc::SourceList="$folder/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$folder/apt/lists" -o APT::Sandbox::User=root "$name" "$@"
}

fetch() {
  mkdir -p apt/lists/partial gopath/src/k8s.io
  local mirror
  mirror=$("$here/mirror.sh")
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" >apt/sources.list
  sources update
  sources source --download-only kubernetes
  rm -rf gopath/src/k8s.io/kubernetes
  # The archive's signature was verified; the maintainer's own key need not be on the machine.
  dpkg-source --no-check -x kubernetes_*.dsc gopath/src/k8s.io/kubernetes
}

# Upstream's Makefile generates this file; it is not in the archive.
openapi() {
  go build -o "$folder/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  local inputs
  inputs=$(grep -rl --include='*.go' '+k8s:openapi-gen=' pkg/ vendor/k8s.io/*/ cmd/ |
    grep -v -e code-generator -e sample-apiserver -e kube-openapi -e zz_generated -e /vendor/k8s.io/gengo |
    xargs -n1 dirname | sort -u | sed 's#^#k8s.io/kubernetes/#' | paste -sd,)
  "$folder/openapi-gen" --logtostderr -h hack/boilerplate/boilerplate.generatego.txt -i "$inputs" \
    -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi -r "$folder/openapi-violations.txt"
}

build() {
  if [ ! -x /usr/lib/go-1.19/bin/go ]; then
    "$here/debian.sh" golang-1.19-go dpkg-dev
  fi
  cd "$folder"
  [ -f gopath/src/k8s.io/kubernetes/go.mod ] || fetch
  export GOROOT=/usr/lib/go-1.19 GOPATH=$folder/gopath GOCACHE=$folder/gocache GO111MODULE=off GOPROXY=off
  export CGO_ENABLED=0 PATH=/usr/lib/go-1.19/bin:$PATH
  cd gopath/src/k8s.io/kubernetes
  [ -f pkg/generated/openapi/zz_generated.openapi.go ] || openapi
  local version=k8s.io/kubernetes/vendor/k8s.io/component-base/version
  go build -ldflags "-s -w -X $version.gitVersion=v1.20.2 -X $version.gitMajor=1 -X $version.gitMinor=20" \
    -o "$server.part" ./cmd/kube-apiserver
  mv "$server.part" "$server"
}

build >"$log" 2>&1
# The sources and caches are twenty times what they made.
rm -rf "$folder/gopath" "$folder/gocache" "$folder/apt" "$folder/openapi-gen"
echo "$folder"
