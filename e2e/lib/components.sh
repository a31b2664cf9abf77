# shellcheck shell=bash
# The cluster's programs: how each is started, and how one knows that it works. A component
# `x` has a function `run_x`, which sets COMMAND, and `x_works`.

COMPONENTS=(etcd apiserver containerd controller-manager scheduler kubelet proxy coredns dynamodb moto)

DYNAMODB_PORT=8000
MOTO_PORT=5000

run_etcd() {
    COMMAND=(etcd --name "$NODE_NAME" --data-dir "$STATE/etcd" --logger zap
        --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379
        --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380
        --initial-cluster "$NODE_NAME=http://127.0.0.1:2380")
}
etcd_works() { inside curl -sf http://127.0.0.1:2379/health; }

# Everything not named here is at Kubernetes' defaults: the admission plugins, the token audiences.
run_apiserver() {
    local pki=$STATE/pki
    COMMAND=(kube-apiserver --etcd-servers http://127.0.0.1:2379
        --bind-address "$NODE_IP" --advertise-address "$NODE_IP" --secure-port 6443
        --service-cluster-ip-range "$SERVICE_PREFIX.0/24"
        --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key"
        --client-ca-file "$pki/ca.crt" --authorization-mode 'Node,RBAC'
        --enable-admission-plugins NodeRestriction --allow-privileged
        --service-account-issuer https://kubernetes.default.svc.cluster.local
        --service-account-key-file "$pki/service-accounts.pub"
        --service-account-signing-key-file "$pki/service-accounts.key"
        --kubelet-certificate-authority "$pki/ca.crt" --kubelet-preferred-address-types InternalIP
        --kubelet-client-certificate "$pki/apiserver-kubelet-client.crt"
        --kubelet-client-key "$pki/apiserver-kubelet-client.key")
}
apiserver_works() { curl -sf --cacert "$STATE/pki/ca.crt" "https://$NODE_IP:6443/readyz"; }

run_containerd() { COMMAND=(containerd --config "$STATE/config/containerd.toml"); }
containerd_works() { inside ctr version; }

run_controller-manager() {
    local pki=$STATE/pki kubeconfig=$STATE/kubeconfig/controller-manager
    COMMAND=(kube-controller-manager --kubeconfig "$kubeconfig"
        --authentication-kubeconfig "$kubeconfig" --authorization-kubeconfig "$kubeconfig"
        --bind-address 127.0.0.1 --leader-elect=false --use-service-account-credentials
        --controllers '*' --root-ca-file "$pki/ca.crt"
        --service-account-private-key-file "$pki/service-accounts.key"
        --cluster-signing-cert-file "$pki/ca.crt" --cluster-signing-key-file "$pki/ca.key")
}
controller-manager_works() { inside curl -skf https://127.0.0.1:10257/healthz; }

run_scheduler() {
    local kubeconfig=$STATE/kubeconfig/scheduler
    COMMAND=(kube-scheduler --kubeconfig "$kubeconfig"
        --authentication-kubeconfig "$kubeconfig" --authorization-kubeconfig "$kubeconfig"
        --bind-address 127.0.0.1 --leader-elect=false)
}
scheduler_works() { inside curl -skf https://127.0.0.1:10259/readyz; }

run_kubelet() {
    COMMAND=(kubelet --config "$STATE/config/kubelet.yaml" --kubeconfig "$STATE/kubeconfig/kubelet"
        --node-ip "$NODE_IP" --hostname-override "$NODE_NAME")
}
kubelet_works() { inside curl -sf http://127.0.0.1:10248/healthz; }

# It may not change the machine's connection tracking, and need not.
run_proxy() {
    COMMAND=(kube-proxy --kubeconfig "$STATE/kubeconfig/proxy" --hostname-override "$NODE_NAME"
        --proxy-mode iptables --cluster-cidr "$POD_PREFIX.0/24"
        --healthz-bind-address 127.0.0.1:10256 --metrics-bind-address 127.0.0.1:10249
        --conntrack-max-per-core 0 --conntrack-tcp-timeout-established 0s --conntrack-tcp-timeout-close-wait 0s)
}
proxy_works() { inside curl -sf http://127.0.0.1:10256/healthz; }

run_coredns() { COMMAND=(coredns -conf "$STATE/config/Corefile"); }
coredns_works() { inside curl -sf http://127.0.0.1:8181/ready; }

# One database for all: DynamoDB Local would otherwise keep one per access key, and assumed
# roles get a new key each time.
run_dynamodb() { COMMAND=(dynamodb-local -inMemory -sharedDb -port "$DYNAMODB_PORT"); }
dynamodb_works() { [[ $(curl -s -o /dev/null -w '%{http_code}' "http://$NODE_IP:$DYNAMODB_PORT/") == 400 ]]; }

run_moto() { COMMAND=(moto_server -H "$NODE_IP" -p "$MOTO_PORT"); }
moto_works() { curl -sf "http://$NODE_IP:$MOTO_PORT/moto-api/"; }

# ---- the same for all ---------------------------------------------------------------------

require_component() {
    [[ " ${COMPONENTS[*]} " == *" $1 "* ]] || die "no such component: '$1' (there are: ${COMPONENTS[*]})"
}

log_of() { echo "$STATE/log/$1.log"; }

# component_pid COMPONENT: its process id as the host sees it, if it runs.
component_pid() {
    local pid
    pid=$(cat "$STATE/run/$1.pid" 2>/dev/null) || return 1
    is_in_node "$pid" && echo "$pid"
}

# The id may belong to another process by now; one of this node's namespaces can only be ours.
is_in_node() {
    local node
    node=$(node_pid) || return 1
    [[ $(readlink "/proc/$1/ns/pid" 2>/dev/null) == "$(readlink "/proc/$node/ns/pid")" ]] &&
        ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

launch() {
    local component=$1 inner
    component_pid "$component" >/dev/null && return
    "run_$component"
    # The shell between ends at once, so the program becomes a child of the node's process 1.
    # shellcheck disable=SC2016 # to be expanded in there
    inner=$(PATH=$(tools_path):$PATH:/usr/sbin:/sbin inside sh -c \
        'log=$1; shift; setsid "$@" >>"$log" 2>&1 </dev/null 9>&- & echo $!' sh "$(log_of "$component")" "${COMMAND[@]}")
    host_pid "$inner" >"$STATE/run/$component.pid" || true
}

# host_pid PID-IN-NODE: the same process as the host counts it.
host_pid() {
    local file pid
    while read -r file; do
        pid=${file//[^0-9]/}
        is_in_node "$pid" && echo "$pid" && return
    done < <(grep -lsE "^NSpid:.*[[:space:]]$1\$" /proc/[0-9]*/status)
    return 1
}

# comes_up COMPONENT SECONDS: true once it works. One that dies meanwhile is not waited for.
comes_up() {
    wait_for "$2" "$1" works_or_died "$1" && component_pid "$1" >/dev/null
}

works_or_died() { ! component_pid "$1" || "$1_works"; }

# await COMPONENT SECONDS: until it works, or the end of everything, with its log's last lines.
await() {
    local component=$1
    comes_up "$@" && return
    printf -- '--- the end of %s:\n' "$(log_of "$component")" >&2
    tail -n 15 "$(log_of "$component")" >&2
    component_pid "$component" >/dev/null || die "$component died"
    die "$component does not answer"
}

halt() {
    local component=$1 pid
    pid=$(component_pid "$component") || return 0
    kill -TERM "$pid"
    wait_for 5 "$component to end" not component_pid "$component" 2>/dev/null || kill -KILL "$pid"
    wait_for 5 "$component to die" not component_pid "$component"
}
