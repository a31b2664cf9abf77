# shellcheck shell=bash
# The files that the cluster's programs read.

make_config() {
    mkdir -p "$STATE"/config/{cni,manifests}
    containerd_config >"$STATE/config/containerd.toml"
    network_config >"$STATE/config/cni/10-sentinel.conflist"
    kubelet_config >"$STATE/config/kubelet.yaml"
    dns_config >"$STATE/config/Corefile"
    echo "nameserver $NODE_IP" >"$STATE/config/resolv.conf"
}

containerd_config() {
    # An overlay can't lie on an overlay, which is what a container's root is.
    local snapshotter=overlayfs
    [[ $(stat -f -c %T "$STATE") != overlayfs ]] || snapshotter=native
    cat <<TOML
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/sentinel/pause:1"
  disable_apparmor = true
  # Without CAP_SYS_RESOURCE no process may lower its OOM score, and no sandbox would start.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "$snapshotter"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$(cni_programs)"
    conf_dir = "$STATE/config/cni"
TOML
}

cni_programs() { [[ -x /usr/lib/cni/ptp ]] && echo /usr/lib/cni || echo /opt/cni/bin; }

# ptp rather than bridge: every packet between pods is routed by the node, so kube-proxy's
# translation is undone on the way back without br_netfilter, and a server sees the pod's own
# address as its peer, also through a Service.
network_config() {
    cat <<JSON
{
  "cniVersion": "1.0.0",
  "name": "sentinel-e2e",
  "plugins": [
    {
      "type": "ptp",
      "ipam": {
        "type": "host-local",
        "dataDir": "/run/cni",
        "ranges": [[{"subnet": "$POD_PREFIX.0/24"}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
JSON
}

kubelet_config() {
    cat <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $NODE_IP
healthzBindAddress: 127.0.0.1
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $STATE/pki/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: $STATE/pki/kubelet-serving.crt
tlsPrivateKeyFile: $STATE/pki/kubelet-serving.key
clusterDomain: cluster.local
clusterDNS: [$NODE_IP]
resolvConf: $STATE/config/resolv.conf
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
staticPodPath: $STATE/config/manifests
# Control groups: v1 will do, and the node's share of the machine is not guarded.
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /$CGROUP
enforceNodeAllocatable: []
failSwapOn: false
oomScoreAdj: 0
# Pods start fast: nothing here is held back as it would be on a shared node.
serializeImagePulls: false
kubeAPIQPS: 200
kubeAPIBurst: 400
eventRecordQPS: 0
nodeStatusUpdateFrequency: 4s
# A test machine's disk may be nearly full; images that were loaded can't be pulled again.
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%, imagefs.inodesFree: 1%}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
maxPods: 200
YAML
}

# Names outside the cluster don't exist, at once, instead of after a time-out.
dns_config() {
    cat <<COREFILE
cluster.local:53 {
    bind $NODE_IP
    errors
    ready 127.0.0.1:8181
    kubernetes {
        kubeconfig $STATE/kubeconfig/coredns
        ttl 5
    }
    loadbalance
}
.:53 {
    bind $NODE_IP
    template ANY ANY {
        rcode NXDOMAIN
    }
}
COREFILE
}
