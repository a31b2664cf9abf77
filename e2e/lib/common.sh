# shellcheck shell=bash
# What every script here needs: where things are, how to speak, how to wait.

E2E=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${SENTINEL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/sentinel-kubernetes}

say() { printf 'e2e: %s\n' "$*"; }

die() {
    printf 'e2e: error: %s\n' "$*" >&2
    exit 1
}

# A cluster makes namespaces and mounts, so it needs root; most of `install` doesn't.
need_root() { [[ $EUID == 0 ]] || die "$1 needs root: run it with sudo"; }

# wait_for SECONDS WHAT COMMAND…: polls until COMMAND succeeds; fails after SECONDS.
wait_for() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        if ((SECONDS >= deadline)); then
            printf 'e2e: gave up waiting for %s\n' "$what" >&2
            return 1
        fi
        sleep 0.1
    done
}

# run_logged WHAT LOG COMMAND…: runs a long step with its output in LOG, saying every now and
# then that it still runs, and shows the log's end when it fails.
run_logged() {
    local what=$1 log=$2 started=$SECONDS next pid
    shift 2
    mkdir -p "$(dirname "$log")"
    say "$what …"
    "$@" >"$log" 2>&1 &
    pid=$!
    # A shell's background command does not hear Ctrl-C itself.
    trap 'kill "$pid"; exit 130' INT TERM
    next=$((SECONDS + 20))
    while kill -0 "$pid" 2>/dev/null; do
        if ((SECONDS >= next)); then
            say "  … still ${what%% (*}: $((SECONDS - started)) s"
            next=$((SECONDS + 20))
        fi
        sleep 0.2
    done
    if ! wait "$pid"; then
        tail -n 15 "$log" >&2
        die "${what%% (*} failed; the whole output is in $log"
    fi
    trap - INT TERM
    say "  done in $((SECONDS - started)) s"
}

# ---- the tools: each lives in the cache, in a folder keyed by its version and recipe ------

tool_version() {
    case $1 in
    kubernetes) sed -n 's|.*k8s.io/kubernetes v\([^ ]*\).*|\1|p' "$E2E/tools/kubernetes/go.mod" ;;
    helm) sed -n 's|.*helm.sh/helm/v4 v\([^ ]*\).*|\1|p' "$E2E/tools/helm/go.mod" ;;
    kwok) sed -n 's|^[^a-z]*sigs.k8s.io/kwok v\([^ ]*\).*|\1|p' "$E2E/tools/kwok/go.mod" ;;
    coredns) sed -n 's|.*github.com/coredns/coredns v\([^ ]*\).*|\1|p' "$E2E/tools/coredns/go.mod" ;;
    dynamodb) sed -n '/DynamoDBLocal/,/version/s|.*<version>\(.*\)</version>|\1|p' "$E2E/tools/dynamodb/pom.xml" ;;
    moto) sed -n 's|.*==||p' "$E2E/tools/moto/requirements.txt" ;;
    pause) echo 1 ;;
    esac
}

tool_dir() {
    local recipe
    recipe=$(cat "$E2E/tools/$1"/* | sha256sum | cut -c1-8)
    echo "$CACHE/$1-$(tool_version "$1")-$recipe"
}

# The folders to put before PATH. A tool that `install` found on PATH at the right version has
# no folder of its own here and is still found.
tools_path() {
    local tool path=
    for tool in kubernetes helm coredns kwok dynamodb moto; do path+=$(tool_dir "$tool"):; done
    echo "${path%:}"
}
