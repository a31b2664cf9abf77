{{/* Names and labels. A program is addressed as (dict "root" $ "program" "broker"). Names are fixed, not prefixed with the
release: programs, certificates and pods already injected know them, and a cluster has one Sentinel. */}}

{{- define "sentinel.selector" -}}
app.kubernetes.io/name: sentinel-{{ .program }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "sentinel.labels" -}}
{{- if .program }}
{{- include "sentinel.selector" . }}
{{- else -}}
app.kubernetes.io/name: sentinel
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: sentinel
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "sentinel.image" -}}
{{- $image := (index .root.Values .program).image -}}
{{- with .root.Values.image.registry }}{{ . }}/{{ end -}}
{{ $image.repository }}:{{ $image.tag | default .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{/* The user name of a program. */}}
{{- define "sentinel.user" -}}
system:serviceaccount:{{ .root.Release.Namespace }}:sentinel-{{ .program }}
{{- end }}

{{/* Namespaces whose pods are never looked at: the system's, so that it can always start, and our own. */}}
{{- define "sentinel.excludedNamespaces" -}}
{{ list "kube-system" .Release.Namespace | uniq | toJson }}
{{- end }}
