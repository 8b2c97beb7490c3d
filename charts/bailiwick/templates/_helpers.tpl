{{/* Cluster-scoped and namespaced objects share this name: it tells releases apart. */}}
{{- define "bailiwick.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "bailiwick.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "bailiwick.labels" -}}
{{ include "bailiwick.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "bailiwick.gatewaySelector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: gateway
{{- end -}}

{{- define "bailiwick.gatewayLabels" -}}
{{ include "bailiwick.gatewaySelector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The operator as the API server names it. */}}
{{- define "bailiwick.user" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ include "bailiwick.fullname" . }}
{{- end -}}

{{/* Not empty where the operator makes the webhook's certificate itself. */}}
{{- define "bailiwick.ownWebhookCertificate" -}}
{{- if and .Values.webhook.enabled (not .Values.webhook.certManager.enabled) -}}true{{- end -}}
{{- end -}}

{{/* The operator's volumes, each mounted below /etc/bailiwick by its name. */}}
{{- define "bailiwick.volumes" -}}
{{- $name := include "bailiwick.fullname" . -}}
{{- if .Values.catalog }}
- name: catalog
  configMap: {name: {{ $name }}-catalog}
{{- end }}
{{- if and .Values.webhook.enabled .Values.webhook.certManager.enabled }}
- name: webhook
  secret: {secretName: {{ $name }}-webhook}
{{- end }}
{{- if and .Values.webhook.enabled .Values.webhook.clientCA }}
- name: webhook-client
  configMap: {name: {{ $name }}-webhook-client}
{{- end }}
{{- end -}}

{{/* (dict "image" VALUES "context" $) -> reference */}}
{{- define "bailiwick.image" -}}
{{- with .image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (default $.context.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* CEL: whether the requester is neither the operator, nor a controller of Kubernetes, nor trusted
     by the values. Controllers run as accounts of kube-system, or all in their manager's name. */}}
{{- define "bailiwick.outsider" -}}
{{- $users := list (include "bailiwick.user" .) "system:kube-controller-manager"
      "system:kube-scheduler" -}}
{{- $users = concat $users .Values.policies.trusted.users | toJson -}}
{{- $groups := list "system:serviceaccounts:kube-system" -}}
{{- $groups = concat $groups .Values.policies.trusted.groups | toJson -}}
!(request.userInfo.username in {{ $users }}) && !(has(request.userInfo.groups) &&
request.userInfo.groups.exists(g, g in {{ $groups }}))
{{- end -}}

{{/* The namespaced kinds that the operator makes and that Kubernetes' controllers make of them, but
     for pods, as resourceRules. The context is a list of operations in flow style. */}}
{{- define "bailiwick.made" -}}
- apiGroups: [""]
  apiVersions: [v1]
  resources: [configmaps, persistentvolumeclaims, serviceaccounts, services]
  operations: {{ . }}
- apiGroups: [apps]
  apiVersions: [v1]
  resources: [deployments, replicasets, statefulsets]
  operations: {{ . }}
- apiGroups: [leaderworkerset.x-k8s.io]
  apiVersions: [v1]
  resources: [leaderworkersets]
  operations: {{ . }}
- apiGroups: [policy]
  apiVersions: [v1]
  resources: [poddisruptionbudgets]
  operations: {{ . }}
- apiGroups: [networking.k8s.io]
  apiVersions: [v1]
  resources: [networkpolicies]
  operations: {{ . }}
- apiGroups: [rbac.authorization.k8s.io]
  apiVersions: [v1]
  resources: [roles, rolebindings]
  operations: {{ . }}
- apiGroups: [discovery.k8s.io]
  apiVersions: [v1]
  resources: [endpointslices]
  operations: {{ . }}
{{- end -}}

{{/* An egress rule: cluster DNS. */}}
{{- define "bailiwick.dns" -}}
- ports:
  - {protocol: UDP, port: 53}
  - {protocol: TCP, port: 53}
  to:
  - namespaceSelector:
      matchLabels: {kubernetes.io/metadata.name: kube-system}
    podSelector:
      matchLabels: {k8s-app: kube-dns}
  - ipBlock: {cidr: 169.254.20.10/32}
{{- end -}}
