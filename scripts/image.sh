#!/bin/sh
# Builds the image of the Dockerfile with docker, podman or buildah, whichever is here, and looks at what came out (`make image`).
# Where no registry of images can be reached, it makes base images of its own: the same Debian, from Debian's packages and this
# machine's Rust (needs root, buildah and debootstrap). Such an image shows that the Dockerfile is right; it is not for release.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "image: $*" >&2; }
die() {
    say "$*"
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

name=lcr-facade
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)

if has docker && docker info >/dev/null 2>&1; then
    tool=docker
elif has buildah; then
    tool=buildah
elif has podman; then
    tool=podman
else
    die "there is no docker that answers, no podman and no buildah. Install one: apt-get install buildah"
fi

# Without namespaces of one's own, as in many sandboxes, buildah works in a chroot.
if [ "$tool" = buildah ] && [ "$(id -u)" = 0 ]; then
    export BUILDAH_ISOLATION="${BUILDAH_ISOLATION:-chroot}" STORAGE_DRIVER="${STORAGE_DRIVER:-vfs}"
fi

builder=$(sed -n 's/^ARG BUILDER=//p' Dockerfile)
runtime=$(sed -n 's/^ARG RUNTIME=//p' Dockerfile)

# Base images of this machine's own, for buildah.
make_bases() {
    [ "$tool" = buildah ] && [ "$(id -u)" = 0 ] || die "no registry answers; base images are made with buildah, as root"
    has debootstrap || die "no registry answers, and debootstrap is missing: apt-get install debootstrap"
    suite=bookworm
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    # The builder: a small Debian, a C compiler, and the Rust that is here.
    if ! buildah inspect localhost/lcr-builder >/dev/null 2>&1; then
        say "making a builder of Debian's packages and this machine's $(rustc --version)"
        debootstrap --variant=minbase --include=ca-certificates,gcc,libc6-dev "$suite" "$folder/build" >"$folder/log" 2>&1 ||
            { tail -n 5 "$folder/log" >&2; die "debootstrap failed, see above"; }
        mkdir -p "$folder/build/opt/rust" "$folder/build/usr/local/share/ca-certificates"
        cp -a "$(rustc --print sysroot)/." "$folder/build/opt/rust/"
        rm -rf "$folder/build/opt/rust/share" "$folder/build/var/cache/apt/archives"
        # Whoever stands between this machine and the registries, their certificate is known here.
        cp /etc/ssl/certs/ca-certificates.crt "$folder/build/etc/ssl/certs/"
        from_folder "$folder/build" localhost/lcr-builder --env PATH=/root/.cargo/bin:/opt/rust/bin:/usr/local/bin:/usr/bin:/bin
        rm -rf "$folder/build"
    fi
    # The base to run on: a C library, libgcc, certificates; no shell, no package manager.
    if ! buildah inspect localhost/lcr-runtime >/dev/null 2>&1; then
        say "making a base to run on, of Debian's libc6, libgcc-s1 and ca-certificates"
        mkdir -p "$folder/run/etc/ssl/certs" "$folder/run/tmp" "$folder/debs"
        (cd "$folder/debs" && apt-get -q download libc6 libgcc-s1 >/dev/null)
        for deb in "$folder"/debs/*.deb; do dpkg-deb -x "$deb" "$folder/run"; done
        rm -rf "$folder/run/usr/share/doc" "$folder/run/usr/share/lintian"
        cp /etc/ssl/certs/ca-certificates.crt "$folder/run/etc/ssl/certs/"
        printf 'root:x:0:0:root:/:/none\nnonroot:x:65532:65532:nonroot:/:/none\n' >"$folder/run/etc/passwd"
        printf 'root:x:0:\nnonroot:x:65532:\n' >"$folder/run/etc/group"
        chmod 1777 "$folder/run/tmp"
        from_folder "$folder/run" localhost/lcr-runtime
    fi
    builder=localhost/lcr-builder runtime=localhost/lcr-runtime
}

# An image named $2 whose files are the folder $1; what follows goes to `buildah config`.
from_folder() {
    from=$1 image=$2
    shift 2
    container=$(buildah from scratch)
    buildah copy -q "$container" "$from" / >/dev/null
    [ $# = 0 ] || buildah config "$@" "$container"
    buildah commit -q --rm "$container" "$image" >/dev/null
}

if [ "$tool" = buildah ] && ! timeout 60 buildah pull -q "$runtime" >/dev/null 2>&1; then
    make_bases
fi

say "building $name:$version with $tool"
case $tool in
buildah) build="buildah build --layers" ;;
*) build="$tool build" ;;
esac
$build --build-arg BUILDER="$builder" --build-arg RUNTIME="$runtime" --build-arg VERSION="$version" --build-arg REVISION="$revision" \
    -t "$name:$version" -t "$name:latest" .

[ "$tool" = buildah ] || exit 0

# What came out, looked at without its help: it has no shell.
container=$(buildah from "$name:$version")
root=$(buildah mount "$container")
trap 'buildah umount "$container" >/dev/null; buildah rm "$container" >/dev/null; rm -rf "${folder:-}"' EXIT
said=$(chroot --userspec=65532:65532 "$root" /usr/bin/lcr --version)
[ "$said" = "lcr $version" ] || die "the program in the image says \"$said\""
for shell in bin/sh bin/bash usr/bin/sh usr/bin/bash bin/busybox; do
    [ ! -e "$root/$shell" ] || die "there is a shell in the image: /$shell"
done
grep -q '"bomFormat": *"CycloneDX"' "$root/usr/share/doc/lcr/sbom.cdx.json" || die "there is no SBOM in the image"
user=$(buildah inspect --format '{{.OCIv1.Config.User}}' "$container")
[ "$user" = 65532:65532 ] || die "the image runs as $user"
# Nothing that the program's user may write to, but /tmp.
writable=$(find "$root" -xdev ! -type l -perm -o+w ! -path "$root/tmp" ! -path "$root/dev/*" | head -n 3)
[ -z "$writable" ] || die "anybody may write to $writable"
say "$name:$version: $said, $(du -sm "$root" | cut -f1) MB, no shell, not root, $(grep -c '"purl"' "$root/usr/share/doc/lcr/sbom.cdx.json") crates in its SBOM"
