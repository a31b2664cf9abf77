# shellcheck shell=bash
# The cluster's certificates: one authority, one certificate per duty. Made anew with every
# cluster, gone with it.

make_pki() {
    local pki=$STATE/pki
    mkdir -p "$pki" "$STATE/kubeconfig"
    make_authority
    issue apiserver /CN=kube-apiserver serverAuth "IP:$NODE_IP,IP:$SERVICE_PREFIX.1,IP:127.0.0.1,DNS:localhost,DNS:kubernetes,\
DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
    issue apiserver-kubelet-client /CN=kube-apiserver-kubelet-client clientAuth
    issue kubelet-serving "/O=system:nodes/CN=system:node:$NODE_NAME" serverAuth "IP:$NODE_IP,DNS:$NODE_NAME"

    issue admin /O=system:masters/CN=kubernetes-admin clientAuth
    issue kubelet "/O=system:nodes/CN=system:node:$NODE_NAME" clientAuth
    issue controller-manager /CN=system:kube-controller-manager clientAuth
    issue scheduler /CN=system:kube-scheduler clientAuth
    issue proxy /CN=system:kube-proxy clientAuth
    issue coredns /CN=sentinel-e2e:coredns clientAuth
    local user
    for user in admin kubelet controller-manager scheduler proxy coredns; do make_kubeconfig "$user"; done
}

make_authority() {
    local pki=$STATE/pki
    new_key -x509 -days 3650 -subj "/CN=sentinel-e2e-$NAME" -keyout "$pki/ca.key" -out "$pki/ca.crt"
    # RSA, as every real cluster has it: tokens signed otherwise would not look ordinary.
    openssl genrsa -out "$pki/service-accounts.key" 2048 2>/dev/null
    openssl rsa -in "$pki/service-accounts.key" -pubout -out "$pki/service-accounts.pub" 2>/dev/null
}

new_key() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "$@" 2>/dev/null
}

# issue NAME SUBJECT USAGE [SUBJECT-ALTERNATIVE-NAMES]
issue() {
    local file=$STATE/pki/$1 subject=$2 extensions="extendedKeyUsage=$3"
    [[ -z ${4:-} ]] || extensions+=$'\n'"subjectAltName=$4"
    new_key -subj "$subject" -keyout "$file.key" -out "$file.csr"
    openssl x509 -req -in "$file.csr" -days 3650 -CA "$STATE/pki/ca.crt" -CAkey "$STATE/pki/ca.key" \
        -CAcreateserial -extfile <(echo "$extensions") -out "$file.crt" 2>/dev/null
    rm "$file.csr"
}

make_kubeconfig() {
    local pki=$STATE/pki file=$STATE/kubeconfig/$1
    (umask 077 && cat >"$file") <<YAML
apiVersion: v1
kind: Config
current-context: sentinel-e2e-$NAME
clusters:
- name: sentinel-e2e-$NAME
  cluster:
    server: https://$NODE_IP:6443
    certificate-authority-data: $(base64 -w0 "$pki/ca.crt")
contexts:
- name: sentinel-e2e-$NAME
  context: {cluster: sentinel-e2e-$NAME, user: $1}
users:
- name: $1
  user:
    client-certificate-data: $(base64 -w0 "$pki/$1.crt")
    client-key-data: $(base64 -w0 "$pki/$1.key")
YAML
}
