{{/* Where the files of a target's webhook are mounted. Argument: its name. */}}
{{- define "sentinel.targetPath" -}}
/etc/sentinel/notifications/{{ . }}
{{- end }}

{{/* The targets of notifications as the operator reads them: names of Secrets become paths of files. */}}
{{- define "sentinel.targets" -}}
{{- $targets := list -}}
{{- range .Values.notifications.targets -}}
{{- $target := pick . "name" "events" "sns" -}}
{{- with .webhook -}}
{{- $path := include "sentinel.targetPath" $target.name -}}
{{- $webhook := dict "keyFile" (printf "%s/key" $path) -}}
{{- with .url }}{{- $_ := set $webhook "url" . -}}{{- end -}}
{{- if .urlFrom }}{{- $_ := set $webhook "urlFile" (printf "%s/url" $path) -}}{{- end -}}
{{- if .ca }}{{- $_ := set $webhook "caFile" (printf "%s/ca.crt" $path) -}}{{- end -}}
{{- $_ := set $target "webhook" $webhook -}}
{{- end -}}
{{- $targets = append $targets $target -}}
{{- end -}}
{{- dict "targets" $targets | toJson -}}
{{- end }}

{{/* The files that the operator reads for them, as JSON: {files: […]}. */}}
{{- define "sentinel.notificationFiles" -}}
{{- $files := list -}}
{{- if .Values.notifications.targets -}}
{{- $map := dict "configMap" (dict "name" "sentinel-notification-targets") -}}
{{- $files = append $files (dict "name" "notification-targets" "path" "/etc/sentinel/targets" "source" $map) -}}
{{- end -}}
{{- range .Values.notifications.targets -}}
{{- $name := .name -}}
{{- with .webhook -}}
{{- $sources := list -}}
{{- $keys := list (dict "key" .signingKey.key "path" "key") -}}
{{- $sources = append $sources (dict "secret" (dict "name" .signingKey.secretName "items" $keys)) -}}
{{- with .urlFrom -}}
{{- $urls := list (dict "key" .key "path" "url") -}}
{{- $sources = append $sources (dict "secret" (dict "name" .secretName "items" $urls)) -}}
{{- end -}}
{{- with .ca -}}
{{- $cas := list (dict "key" .key "path" "ca.crt") -}}
{{- $sources = append $sources (dict "configMap" (dict "name" .configMapName "items" $cas)) -}}
{{- end -}}
{{- $volume := dict "projected" (dict "defaultMode" 0440 "sources" $sources) -}}
{{- $files = append $files (dict "name" (printf "target-%s" $name) "path" (include "sentinel.targetPath" $name) "source" $volume) -}}
{{- end -}}
{{- end -}}
{{- dict "files" $files | toJson -}}
{{- end }}
