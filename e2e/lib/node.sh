# shellcheck shell=bash
# The cluster's node: a set of namespaces (process ids, mounts, network, host name) whose
# process 1 is the pause program. Everything of a cluster lives in there: its servers, its
# shims, its pods, their mounts, iptables rules and routes. So two clusters can't meet, the
# programs keep their ordinary paths and ports, and when process 1 dies the kernel itself takes
# all of it away: nothing can be forgotten.
#
#     host ── sntlN ══ eth0 (node) ── veth per pod
#             HOST_IP  NODE_IP        POD_PREFIX.0/24

STATE_ROOT=${SENTINEL_E2E_STATE:-/var/lib/sentinel-e2e}
NETWORK=${SENTINEL_E2E_NETWORK:-10.231} # the first half of every address; slot N takes a /22 of it

# select_cluster NAME: sets the names and addresses of one cluster.
select_cluster() {
    NAME=$1
    [[ $NAME =~ ^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$ ]] || die "not a name for a cluster: '$NAME' (a-z, 0-9, -, at most 20)"
    STATE=$STATE_ROOT/$NAME
    NODE_NAME=sentinel-$NAME
    CGROUP=sentinel-e2e-$NAME
    set_addresses "$(cat "$STATE/slot" 2>/dev/null || echo 0)"
}

set_addresses() {
    VETH=sntl$1
    HOST_IP=$NETWORK.$(($1 * 4)).1
    NODE_IP=$NETWORK.$(($1 * 4)).2
    POD_PREFIX=$NETWORK.$(($1 * 4 + 1))
    SERVICE_PREFIX=$NETWORK.$(($1 * 4 + 2))
}

# The cluster `dev` always has slot 0, so its addresses never change; the others take what is free.
take_slot() {
    local slot=0 taken
    exec 8>"$STATE_ROOT/slots.lock"
    flock 8
    if [[ $NAME != dev ]]; then
        taken=$(cat "$STATE_ROOT"/*/slot 2>/dev/null || true)
        slot=1
        while grep -qx "$slot" <<<"$taken"; do slot=$((slot + 1)); done
        ((slot < 64)) || die "no free slot: 64 clusters are too many"
    fi
    mkdir -p "$STATE"
    echo "$slot" >"$STATE/slot"
    exec 8>&-
    set_addresses "$slot"
}

# ---- life ---------------------------------------------------------------------------------

node_start() {
    local parent
    make_cgroups
    mkdir -p "$STATE"/{run,log/pods,mnt/{kubelet,containerd,cni}} /var/lib/{kubelet,containerd,cni}
    setsid unshare --pid --fork --mount --net --uts --ipc --propagation private \
        bash "$E2E/lib/node-init" "$STATE" "$NODE_NAME" "$(tool_dir pause)/pause" \
        >"$STATE/log/node.log" 2>&1 </dev/null 9>&- &
    parent=$!
    wait_for 10 "the node's namespaces" node_came_up "$parent" || die "the node did not start: $(cat "$STATE/log/node.log")"
    connect_network
}

node_came_up() {
    local pid
    [[ -e $STATE/run/ready ]] || return 1
    read -r pid </proc/"$1"/task/"$1"/children
    echo "$pid $(start_time "$pid")" >"$STATE/run/node.pid"
}

# A process id alone may have been given to another process since.
start_time() { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20; }

node_pid() {
    local pid started
    read -r pid started 2>/dev/null <"$STATE/run/node.pid" || return 1
    [[ $(start_time "$pid" 2>/dev/null) == "$started" ]] && echo "$pid"
}

# inside COMMAND…: runs a command in the node. It sees the node's mounts, addresses and processes.
inside() {
    nsenter --target "$(node_pid)" --pid --mount --net --uts --ipc -- "$@"
}

connect_network() {
    local pid
    pid=$(node_pid)
    ip link delete "$VETH" 2>/dev/null || true
    ip link add "$VETH" type veth peer name eth0 netns "$pid"
    ip address add "$HOST_IP/30" dev "$VETH"
    ip link set "$VETH" up
    inside ip link set lo up
    inside ip address add "$NODE_IP/30" dev eth0
    inside ip link set eth0 up
    # Lets a process of the node itself call a Service: without any route the kernel would refuse
    # before kube-proxy's rules are asked. There is no default route: nothing leaves this machine.
    inside ip route add "$SERVICE_PREFIX.0/24" dev eth0
    ip route replace "$POD_PREFIX.0/24" via "$NODE_IP" dev "$VETH"
    ip route replace "$SERVICE_PREFIX.0/24" via "$NODE_IP" dev "$VETH"
}

# node_stop: ends everything of the cluster and removes every trace; fails, naming what is left,
# when something could not be removed. Works on whatever a killed run or a reboot left behind.
node_stop() {
    local pid
    if pid=$(node_pid); then
        kill -KILL "$pid"
        wait_for 30 "the node's processes to end" not test -d "/proc/$pid" || true
    fi
    kill_cgroups
    ip link delete "$VETH" 2>/dev/null || true
    remove_cgroups
    # Normally no mount reaches the host; rm must never walk into one that did.
    local mount
    while read -r mount; do umount --lazy "$mount" || true; done < <(mounts_left)
    rm -rf --one-file-system "$STATE"
    report_leftovers
}

not() { ! "$@"; }

mounts_left() { awk -v state="$STATE/" 'index($5, state) == 1 {print $5}' /proc/self/mountinfo | tac; }

report_leftovers() {
    local left
    left=$(
        mounts_left | sed 's/^/mount /'
        cgroup_dirs | sed 's/^/control group /'
        cgroup_processes | sed 's/^/process /'
        ip -o link show "$VETH" 2>/dev/null | sed 's/^/network link /'
        [[ ! -e $STATE ]] || echo "folder $STATE"
    )
    [[ -z $left ]] && return
    printf 'e2e: could not remove:\n%s\n' "$left" >&2
    return 1
}

# ---- control groups: the one thing that does not die with the namespaces --------------------

cgroup_roots() {
    if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
        echo /sys/fs/cgroup
    else
        find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -type d
    fi
}

make_cgroups() {
    local root file
    while read -r root; do
        mkdir -p "$root/$CGROUP"
        # v1: a new cpuset allows no CPU until it is told which.
        for file in cpuset.cpus cpuset.mems; do
            [[ ! -w $root/$CGROUP/$file ]] || cat "$root/$file" >"$root/$CGROUP/$file"
        done
        # v2: what children may limit is switched on from above.
        [[ $root != /sys/fs/cgroup ]] || sed 's/\w\+/+&/g' "$root/cgroup.controllers" >"$root/cgroup.subtree_control"
    done < <(cgroup_roots)
}

cgroup_dirs() {
    local root
    while read -r root; do
        [[ ! -d $root/$CGROUP ]] || find "$root/$CGROUP" -depth -type d 2>/dev/null
    done < <(cgroup_roots)
}

cgroup_processes() {
    local dir
    while read -r dir; do cat "$dir/cgroup.procs" 2>/dev/null; done < <(cgroup_dirs) | sort -un
}

kill_cgroups() {
    local pids
    mapfile -t pids < <(cgroup_processes)
    ((${#pids[@]} == 0)) || kill -KILL "${pids[@]}" 2>/dev/null || true
}

remove_cgroups() {
    wait_for 10 "the pods' control groups to empty" try_remove_cgroups || true
}

try_remove_cgroups() {
    local dir
    while read -r dir; do rmdir "$dir"; done < <(cgroup_dirs)
    [[ -z $(cgroup_dirs) ]]
}
