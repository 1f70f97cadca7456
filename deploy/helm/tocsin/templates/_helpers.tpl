{{- define "tocsin.name" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{- else -}}{{ printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}{{- end -}}
{{- end }}

{{- define "tocsin.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tocsin.labels" -}}
{{ include "tocsin.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "tocsin.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ default (include "tocsin.name" .) .Values.serviceAccount.name }}{{- else }}{{ default "default" .Values.serviceAccount.name }}{{- end }}
{{- end }}

{{- define "tocsin.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{- else }}{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}{{- end }}
{{- end }}

{{/* The pod, the same under a StatefulSet and a Deployment. */}}
{{- define "tocsin.pod" -}}
metadata:
  labels:
    {{- include "tocsin.selector" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    prometheus.io/scrape: "true"
    prometheus.io/port: "8080"
    prometheus.io/path: /metrics
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "tocsin.serviceAccount" . }}
  automountServiceAccountToken: false
  # A Service of this name would set TOCSIN_PORT to something else.
  enableServiceLinks: false
  # Longer than a stop takes: 25 s for attempts in flight.
  terminationGracePeriodSeconds: 40
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    runAsGroup: 1000
    fsGroup: 1000
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: tocsin
      image: {{ include "tocsin.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      ports:
        - name: http
          containerPort: 8080
      env:
        - name: TOCSIN_HOST
          value: "0.0.0.0"
        - name: TOCSIN_PORT
          value: "8080"
        - name: TOCSIN_DATA_DIR
          value: /data
        - name: TOCSIN_RETENTION_DAYS
          value: {{ .Values.settings.retentionDays | quote }}
        {{- with .Values.settings.trustedProxies }}
        - name: TOCSIN_TRUSTED_PROXIES
          value: {{ . | quote }}
        {{- end }}
        {{- with .Values.settings.deniedTargets }}
        - name: TOCSIN_DENIED_TARGETS
          value: {{ . | quote }}
        {{- end }}
        {{- with .Values.settings.allowedTargets }}
        - name: TOCSIN_ALLOWED_TARGETS
          value: {{ . | quote }}
        {{- end }}
        {{- with .Values.settings.egressProxy }}
        - name: TOCSIN_EGRESS_PROXY
          value: {{ . | quote }}
        {{- end }}
        {{- if .Values.existingSecret }}
        - name: TOCSIN_ADMIN_KEY_FILE
          value: /run/secrets/tocsin/admin-key
        - name: TOCSIN_ENCRYPTION_KEY_FILE
          value: /run/secrets/tocsin/encryption-key
        {{- if eq .Values.store "postgresql" }}
        - name: TOCSIN_DATABASE_URL_FILE
          value: /run/secrets/tocsin/database-url
        {{- end }}
        {{- if .Values.settings.egressProxyInSecret }}
        - name: TOCSIN_EGRESS_PROXY_FILE
          value: /run/secrets/tocsin/egress-proxy
        {{- end }}
        {{- end }}
      # Until it has recovered its database and taken up what was left waiting.
      startupProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 2
        failureThreshold: 150
      livenessProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /readyz, port: http }
        periodSeconds: 5
        timeoutSeconds: 4
        failureThreshold: 2
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      volumeMounts:
        - name: data
          mountPath: /data
        - name: tmp
          mountPath: /tmp
        {{- if .Values.existingSecret }}
        - name: secrets
          mountPath: /run/secrets/tocsin
          readOnly: true
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: { sizeLimit: 64Mi }
    {{- if eq .Values.store "postgresql" }}
    - name: data
      emptyDir: { sizeLimit: 64Mi }
    {{- end }}
    {{- with .Values.existingSecret }}
    - name: secrets
      secret:
        secretName: {{ . }}
        defaultMode: 0440
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if eq .Values.store "postgresql" }}
  topologySpreadConstraints:
    {{- if .Values.topologySpreadConstraints }}
    {{- toYaml .Values.topologySpreadConstraints | nindent 4 }}
    {{- else }}
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "tocsin.selector" . | nindent 10 }}
    {{- end }}
  {{- end }}
{{- end }}
