//! What a rule says, how a request came, and what comes out.

use super::words::words;

words! {
    /// The effect as written in a rule. There is no default: a rule says what it does, or is refused.
    pub enum Effect {
        /// Credentials are issued.
        Allow = "allow",
        /// Nothing is issued.
        Deny = "deny",
        /// Somebody must approve first.
        RequireApproval = "require_approval",
        /// Issued in server mode only; a denial otherwise.
        RequireServer = "require_server",
        /// Issued in server mode with a session table only; a denial otherwise.
        RequireServerSession = "require_server_session",
    }
}

words! {
    /// How credentials are asked for. A sidecar's requests are always [`Mode::Server`].
    pub enum Mode {
        /// Policy is evaluated at each request.
        Server = "server",
        /// Evaluated once, when a command starts.
        Cli = "cli",
        /// Evaluated once, for the AWS SDK's `credential_process`.
        CredentialProcess = "credential_process",
    }
}

words! {
    /// The effect that comes out of a decision, after the `require_server…` effects are settled.
    pub enum Verdict {
        /// Credentials may be issued.
        Allow = "allow",
        /// Nothing may be issued.
        Deny = "deny",
        /// Nothing may be issued until somebody approves.
        RequireApproval = "require_approval",
    }
}
