//! Names that more than one program must spell alike.

/// API group of every object.
pub const GROUP: &str = "sentinel.dev";

/// Annotation with which a pod asks for a profile.
pub const PROFILE_ANNOTATION: &str = "sentinel.dev/profile";
/// Annotation that says what an injected pod got: always `server`.
pub const MODE_ANNOTATION: &str = "sentinel.dev/mode";
/// Annotation that says which session table an injected pod's profile names (empty: none).
pub const SESSION_TABLE_ANNOTATION: &str = "sentinel.dev/session-table";
/// Annotation that says which version of Sentinel injected a pod.
pub const VERSION_ANNOTATION: &str = "sentinel.dev/version";
/// Label of injected pods; the watches of operator and broker select on it. Its value is always `true`.
pub const INJECTED_LABEL: &str = "sentinel.dev/injected";
/// Annotation by which a policy object asks, once, to take over a parameter of another owner.
pub const ADOPT_ANNOTATION: &str = "sentinel.dev/adopt";
/// Finalizer of a published policy: the parameter goes before the object.
pub const PARAMETER_FINALIZER: &str = "sentinel.dev/parameter";

/// Labels of a SentinelSession.
pub const SESSION_PROFILE_LABEL: &str = "sentinel.dev/profile";

/// Condition of an AccessRequest or BreakGlassEvent: it opens the door now.
pub const GRANTED_CONDITION: &str = "Granted";
/// Condition of a BreakGlassEvent: somebody has written afterwards what it was for.
pub const REVIEWED_CONDITION: &str = "Reviewed";

/// Name of the injected container.
pub const SIDECAR_CONTAINER: &str = "sentinel-sidecar";
/// Volume with the application's token (memory; read-only in the application's containers).
pub const TOKEN_VOLUME: &str = "sentinel-token";
/// Volume with the sidecar's service-account token (mounted in the sidecar alone).
pub const BROKER_TOKEN_VOLUME: &str = "sentinel-broker-token";
/// User and group id that only the sidecar may run as.
pub const SIDECAR_UID: i64 = 64911;
/// Port of the sidecar on the pod's loopback.
pub const SIDECAR_PORT: u16 = 9911;
/// Directory of [`TOKEN_VOLUME`].
pub const TOKEN_DIRECTORY: &str = "/var/run/sentinel";
/// The application's token file.
pub const TOKEN_FILE: &str = "/var/run/sentinel/token";
/// Directory of [`BROKER_TOKEN_VOLUME`].
pub const BROKER_TOKEN_DIRECTORY: &str = "/var/run/secrets/sentinel.dev/broker";
/// The sidecar's service-account token.
pub const BROKER_TOKEN_FILE: &str = "/var/run/secrets/sentinel.dev/broker/token";

/// Secret with the webhook's CA and certificate; its own.
pub const WEBHOOK_SECRET: &str = "sentinel-webhook-tls";
/// Secret with the broker's CA and certificate; its own.
pub const BROKER_SECRET: &str = "sentinel-broker-tls";
/// ConfigMap in which the webhook publishes its CA bundle; the operator copies it into the webhook configurations.
pub const WEBHOOK_CA_CONFIG_MAP: &str = "sentinel-webhook-ca";
/// ConfigMap in which the broker publishes its CA bundle; the webhook injects it.
pub const BROKER_CA_CONFIG_MAP: &str = "sentinel-broker-ca";
/// Key of the bundle in both.
pub const CA_KEY: &str = "ca.crt";
/// ConfigMap with the ledger of emergencies; the operator alone reads and writes it.
pub const LEDGER_CONFIG_MAP: &str = "sentinel-break-glass-ledger";
/// Key of the ledger in it.
pub const LEDGER_KEY: &str = "ledger.json";
/// The ConfigMap in the install namespace that keeps the notifications which are not delivered yet.
pub const NOTIFICATIONS_CONFIG_MAP: &str = "sentinel-notifications";
/// The key of its data.
pub const NOTIFICATIONS_KEY: &str = "letters.json";
/// Name of the Service (and host) of the broker in the install namespace.
pub const BROKER_SERVICE: &str = "sentinel-broker";
/// Name of the Service of the webhook in the install namespace.
pub const WEBHOOK_SERVICE: &str = "sentinel-webhook";
/// Name of the {Mutating,Validating}WebhookConfiguration.
pub const WEBHOOK_CONFIGURATION: &str = "sentinel";
