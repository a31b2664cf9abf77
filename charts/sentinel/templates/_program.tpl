{{/* What the three programs share. Argument: root, program, ports (name → number), env (the program's own; what is empty is
left out, so that its default holds), settings (more of it; empty is said too), audits (it writes the audit log), files (what it
reads: name, path, and source, which is the volume's), marks (annotations of its pods). */}}
{{- define "sentinel.program" -}}
{{- $values := index .root.Values .program -}}
{{- $signing := .root.Values.audit.signing -}}
{{- $signs := and .audits $signing.secretName -}}
{{- $files := .files | default list -}}
{{- if $signs -}}
{{- $items := list (dict "key" $signing.key "path" "key") -}}
{{- $secret := dict "secretName" $signing.secretName "defaultMode" 0440 "items" $items -}}
{{- $files = prepend $files (dict "name" "audit-key" "path" "/etc/sentinel/audit" "source" (dict "secret" $secret)) -}}
{{- end -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: sentinel-{{ .program }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "sentinel.labels" . | nindent 4 }}
  {{- with $values.serviceAccount.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: sentinel-{{ .program }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "sentinel.labels" . | nindent 4 }}
spec:
  replicas: {{ $values.replicas }}
  selector:
    matchLabels: {{- include "sentinel.selector" . | nindent 6 }}
  strategy:
    rollingUpdate: {maxUnavailable: 0, maxSurge: 1}
  template:
    metadata:
      labels:
        {{- include "sentinel.selector" . | nindent 8 }}
        app.kubernetes.io/part-of: sentinel
        {{- with $values.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: "8081"
        prometheus.io/path: /metrics
        {{- with .marks }}{{ toYaml . | nindent 8 }}{{ end }}
        {{- with $values.podAnnotations }}{{ toYaml . | nindent 8 }}{{ end }}
    spec:
      serviceAccountName: sentinel-{{ .program }}
      enableServiceLinks: false
      {{- with .root.Values.image.pullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
          - weight: 100
            podAffinityTerm:
              topologyKey: kubernetes.io/hostname
              labelSelector:
                matchLabels: {{- include "sentinel.selector" . | nindent 18 }}
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: topology.kubernetes.io/zone
        whenUnsatisfiable: ScheduleAnyway
        labelSelector:
          matchLabels: {{- include "sentinel.selector" . | nindent 12 }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        fsGroup: 65532
        seccompProfile: {type: RuntimeDefault}
      containers:
      - name: {{ .program }}
        image: {{ include "sentinel.image" . | quote }}
        imagePullPolicy: {{ .root.Values.image.pullPolicy }}
        {{- with $values.extraArgs }}
        args: {{- toYaml . | nindent 8 }}
        {{- end }}
        env:
        # Memory that is free goes back, and isn't kept for each thread.
        - {name: MALLOC_ARENA_MAX, value: "2"}
        - {name: MALLOC_TRIM_THRESHOLD_, value: "131072"}
        - name: POD_NAME
          valueFrom: {fieldRef: {fieldPath: metadata.name}}
        - name: POD_NAMESPACE
          valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
        {{- range $name, $value := .env }}
        {{- if $value }}
        - {name: {{ $name }}, value: {{ $value | quote }}}
        {{- end }}
        {{- end }}
        {{- range $name, $value := .settings }}
        - {name: {{ $name }}, value: {{ $value | quote }}}
        {{- end }}
        {{- if $signs }}
        - {name: SENTINEL_AUDIT_KEY_FILE, value: /etc/sentinel/audit/key}
        - {name: SENTINEL_AUDIT_KEY_ID, value: {{ $signing.keyId | quote }}}
        {{- end }}
        {{- with $values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- with $files }}
        volumeMounts:
        {{- range . }}
        - {name: {{ .name }}, mountPath: {{ .path }}, readOnly: true}
        {{- end }}
        {{- end }}
        ports:
        {{- range $name, $port := .ports }}
        - {name: {{ $name }}, containerPort: {{ $port }}}
        {{- end }}
        - {name: metrics, containerPort: 8081}
        livenessProbe:
          httpGet: {path: /livez, port: metrics}
          periodSeconds: 10
          timeoutSeconds: 2
        readinessProbe:
          httpGet: {path: /readyz, port: metrics}
          periodSeconds: 2
          timeoutSeconds: 2
        {{- if .ports }}
        # Until kube-proxy everywhere has heard that this pod goes, it still gets requests.
        lifecycle: {preStop: {sleep: {seconds: 5}}}
        {{- end }}
        resources: {{- toYaml $values.resources | nindent 10 }}
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities: {drop: [ALL]}
      {{- with $files }}
      volumes:
      {{- range . }}
      - name: {{ .name }}
        {{- toYaml .source | nindent 8 }}
      {{- end }}
      {{- end }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: sentinel-{{ .program }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "sentinel.labels" . | nindent 4 }}
spec:
  # Not "one must stay": a single replica would then block the draining of its node.
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "sentinel.selector" . | nindent 6 }}
{{- end }}

{{/* A program's Service. Argument: root, program, port (the container port's name). */}}
{{- define "sentinel.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: sentinel-{{ .program }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "sentinel.labels" . | nindent 4 }}
spec:
  selector: {{- include "sentinel.selector" . | nindent 4 }}
  ports:
  - {name: {{ .port }}, port: 443, targetPort: {{ .port }}}
{{- end }}

{{/* The Secret and the ConfigMap of a program that serves TLS. They are made empty here, so that the program needs no right
to create any; it alone writes their data, and an upgrade leaves alone what the chart does not mention. */}}
{{- define "sentinel.certificates" -}}
apiVersion: v1
kind: Secret
metadata:
  name: sentinel-{{ .program }}-tls
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "sentinel.labels" . | nindent 4 }}
type: Opaque
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: sentinel-{{ .program }}-ca
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "sentinel.labels" . | nindent 4 }}
{{- end }}

{{/* Binds a Role and a ClusterRole of a program's name to it. */}}
{{- define "sentinel.bindings" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: sentinel-{{ .program }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "sentinel.labels" . | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: sentinel-{{ .program }}}
subjects:
- {kind: ServiceAccount, name: sentinel-{{ .program }}, namespace: {{ .root.Release.Namespace }}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: sentinel-{{ .program }}
  labels: {{- include "sentinel.labels" . | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sentinel-{{ .program }}}
subjects:
- {kind: ServiceAccount, name: sentinel-{{ .program }}, namespace: {{ .root.Release.Namespace }}}
{{- end }}
