#!/usr/bin/env bash
# What a machine with Debian 12 on x86_64 needs to build for arm64, from Debian's packages and without
# root: Rust's compiler, its library for arm64, and a C compiler that links for it. All of it is
# unpacked into one folder, nothing is installed. Which version of Rust that is, Debian says; the
# machine's own keys of apt tell that the packages are authentic.
set -euo pipefail

folder=${1:?usage: fetch.sh FOLDER OLDEST_RUST}
oldest=${2:?usage: fetch.sh FOLDER OLDEST_RUST}
cross=aarch64-linux-gnu

fail() {
    echo "debian-cross: $1" >&2
    exit 1
}
command -v apt-get dpkg-deb > /dev/null || fail "no apt-get is here"
test "$(dpkg --print-architecture)" = amd64 || fail "this machine's processor is not x86_64"

rm -rf "${folder:?}"
mkdir -p "$folder"/{lists,cache/archives}/partial "$folder"/{root,bin}
folder=$(cd "$folder" && pwd)

# The machine's own sources and what it has installed, with lists and a cache of our own.
export APT_CONFIG=$folder/apt.conf
cat > "$APT_CONFIG" << END
Dir::State::lists "$folder/lists";
Dir::State::extended_states "$folder/extended_states";
Dir::Cache "$folder/cache";
APT::Architectures { "amd64"; "arm64"; };
APT::Sandbox::User "";
Debug::NoLocking "true";
END
apt-get update -qq || fail "apt-get finds no packages"
version=$(apt-cache policy rustc-web:amd64 | sed -n 's/^ *Candidate: //p')
dpkg --compare-versions "${version:-0}" ge "$oldest" \
    || fail "Debian's Rust (rustc-web) is ${version:-not there}, and $oldest is needed"
apt-get install -qq --download-only --reinstall --yes --no-install-recommends \
    rustc-web:amd64 libstd-rust-web-dev:arm64 gcc-$cross libc6-dev-arm64-cross > "$folder/apt.log" \
    || fail "apt-get could not fetch them, see $folder/apt.log"
for package in "$folder"/cache/archives/*.deb; do
    dpkg-deb --extract "$package" "$folder/root"
done
rm -rf "$folder"/{lists,cache}

# Each of them looks for its libraries where it was to be installed.
root=$folder/root
sed -i "s#/usr/$cross/lib/##g" "$root/usr/$cross/lib/libc.so"
wrap() {
    printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" %s "$@"\n' \
        "$root/usr/lib/x86_64-linux-gnu" "$root/usr/bin/$1" "${2:-}" > "$folder/bin/$1"
    chmod +x "$folder/bin/$1"
}
wrap rustc
wrap $cross-ar
wrap $cross-gcc "-isystem '$root/usr/$cross/include' -B '$root/usr/$cross/lib'"
touch "$folder/fetched"
