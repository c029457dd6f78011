#!/usr/bin/env bash
# What a machine with Debian 12 on x86_64 needs to build for arm64, from Debian's packages and without
# root: Rust's compiler, its library for arm64, and a C compiler that links for it. All of it is
# unpacked into one folder, nothing is installed. Which version of Rust that is, Debian says; the
# machine's own keys of apt tell that the packages are authentic. Where it is there and new enough,
# nothing is done.
set -euo pipefail

fail() {
    echo "debian-cross: $1" >&2
    exit 1
}
test $# = 2 || fail "usage: fetch.sh FOLDER OLDEST_RUST"
folder=$1
oldest=$2
cross=aarch64-linux-gnu
# What was there is removed, so it must be ours.
test "$(basename "$folder")" = debian-cross || fail "the folder must be called debian-cross, and is $folder"

is_new_enough() {
    test -n "$1" && test "$(printf '%s\n' "$1" "$oldest" | sort -V | head -n 1)" = "$oldest"
}
if test -f "$folder/fetched" && is_new_enough "$(cat "$folder/fetched")"; then
    exit
fi
command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null || fail "no apt-get is here"
test "$(dpkg --print-architecture)" = amd64 || fail "this machine's processor is not x86_64"
echo "debian-cross: fetching Rust for arm64 from Debian's packages, some 240 MB"

rm -rf "$folder"
mkdir -p "$folder"/{lists,cache/archives}/partial "$folder"/{root,bin}
folder=$(cd "$folder" && pwd)
root=$folder/root

# The machine's own sources, with lists and a cache of our own. Of what it has installed, what is to be
# unpacked here is not looked at: or it would be left out.
awk -v RS= -v ORS='\n\n' "!/^Package: [^\n]*($cross|arm64-cross|rust)/" /var/lib/dpkg/status \
    > "$folder/status"
export APT_CONFIG=$folder/apt.conf
cat > "$APT_CONFIG" << END
Dir::State::status "$folder/status";
Dir::State::lists "$folder/lists";
Dir::State::extended_states "$folder/extended_states";
Dir::Cache "$folder/cache";
APT::Architectures { "amd64"; "arm64"; };
APT::Sandbox::User "";
Debug::NoLocking "true";
END
apt-get update -qq || fail "apt-get finds no packages"
version=$(apt-cache policy rustc-web:amd64 | sed -n 's/^ *Candidate: //p')
is_new_enough "${version%%+*}" \
    || fail "Debian's Rust (rustc-web) is ${version:-not there}, and $oldest is needed"
apt-get install -qq --download-only --yes --no-install-recommends \
    rustc-web:amd64 libstd-rust-web-dev:arm64 gcc-$cross libc6-dev-arm64-cross > "$folder/apt.log" \
    || fail "apt-get could not fetch them, see $folder/apt.log"
for package in "$folder"/cache/archives/*.deb; do
    dpkg-deb --extract "$package" "$root"
done
# Nothing of the other processor is run here.
rm -rf "$folder"/{lists,cache,status} "$root"/{usr/,}lib/$cross "$root/usr/share"

# Each of them looks for its libraries where it was to be installed.
sed -i "s#/usr/$cross/lib/##g" "$root/usr/$cross/lib/libc.so"
wrap() {
    printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" %s "$@"\n' \
        "$root/usr/lib/x86_64-linux-gnu" "$root/usr/bin/$1" "${2:-}" > "$folder/bin/$1"
    chmod +x "$folder/bin/$1"
}
wrap rustc
wrap $cross-ar
wrap $cross-gcc "-isystem '$root/usr/$cross/include' -B '$root/usr/$cross/lib'"

echo 'fn main() {}' | PATH=$folder/bin:$PATH rustc --target aarch64-unknown-linux-gnu \
    -C linker=$cross-gcc -o "$folder/trial" - || fail "what was fetched does not build a program"
echo "${version%%+*}" > "$folder/fetched"
