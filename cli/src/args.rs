//! The arguments.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args as Arguments, CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use jiff::Timestamp;
use sentinel_core::policy::Mode;

use crate::audit::AuditArgs;
use crate::emergency::{BreakGlassArgs, CloseArgs, EventsArgs, ReviewArgs};
use crate::examples;
use crate::history::HistoryArgs;
use crate::kind::Kind;
use crate::lock::{LockArgs, LocksArgs, UnlockArgs};
use crate::report::Format;
use crate::request::{ApproveArgs, DecideArgs, RequestArgs, RequestsArgs};
use crate::revoke::RevokeArgs;
use crate::sessions::SessionsArgs;

/// Sentinel's policies, checked, formatted, converted, explained and tested; who has access, who asks for it, and who is stopped
#[derive(Debug, Parser)]
#[command(name = "kubectl-sentinel", bin_name = "kubectl sentinel", version, term_width = 126)]
#[command(after_help = examples::EXIT_CODES)]
pub(crate) struct Args {
    /// How results are printed
    #[arg(short, long, global = true, value_enum, default_value = "text")]
    pub(crate) output: Format,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Says what is wrong with documents and objects
    #[command(after_help = examples::VALIDATE)]
    Validate(ValidateArgs),
    /// Says what is valid, and surely a mistake
    #[command(after_help = examples::LINT)]
    Lint(LintArgs),
    /// Prints the canonical document
    #[command(after_help = examples::FMT)]
    Fmt(FmtArgs),
    /// Turns a document into an object, and an object into a document
    #[command(after_help = examples::CONVERT)]
    Convert(ConvertArgs),
    /// Says what an access policy answers to a request, and why
    #[command(after_help = examples::EXPLAIN)]
    Explain(ExplainArgs),
    /// Says which decisions change from one access policy to another
    #[command(after_help = examples::DIFF)]
    Diff(DiffArgs),
    /// Lists sessions: who has AWS credentials now
    #[command(after_help = examples::SESSIONS)]
    Sessions(SessionsArgs),
    /// Stops sessions, for good
    #[command(after_help = examples::REVOKE)]
    Revoke(RevokeArgs),
    /// Says which profiles require sessions, and what doesn't comply
    #[command(after_help = examples::AUDIT)]
    Audit(AuditArgs),
    /// Says who had what, until when and by whose leave, from the audit log's lines
    #[command(after_help = examples::HISTORY)]
    History(HistoryArgs),
    /// Stops users, namespaces or profiles at once: who is named gets no credentials
    #[command(after_help = examples::LOCK)]
    Lock(LockArgs),
    /// Ends a lock
    #[command(after_help = examples::UNLOCK)]
    Unlock(UnlockArgs),
    /// Lists the locks, and how many live sessions each stops
    #[command(after_help = examples::LOCKS)]
    Locks(LocksArgs),
    /// Asks for access that a policy gives only with an approval
    #[command(after_help = examples::REQUEST)]
    Request(RequestArgs),
    /// Approves requests
    #[command(after_help = examples::APPROVE)]
    Approve(ApproveArgs),
    /// Denies requests
    #[command(after_help = examples::DENY)]
    Deny(DecideArgs),
    /// Takes back requests of your own
    #[command(after_help = examples::CANCEL)]
    Cancel(DecideArgs),
    /// Lists requests: who asks for what, and where it stands
    #[command(after_help = examples::REQUESTS)]
    Requests(RequestsArgs),
    /// Gets access in an emergency, past the policy
    #[command(after_help = examples::BREAK_GLASS)]
    BreakGlass(BreakGlassArgs),
    /// Ends emergencies
    #[command(after_help = examples::CLOSE)]
    Close(CloseArgs),
    /// Writes what an emergency was for
    #[command(after_help = examples::REVIEW)]
    Review(ReviewArgs),
    /// Lists emergencies: who broke the glass, and what came of it
    #[command(after_help = examples::EVENTS)]
    Events(EventsArgs),
    /// Compares what an access policy answers with what a file of cases expects
    #[command(after_help = examples::TEST)]
    Test(TestArgs),
    /// Prints a script of completions
    Completions {
        /// For which shell
        shell: Shell,
    },
    #[command(name = "__complete", about = COMPLETE, hide = true)]
    Complete {
        /// What is typed so far; the last word is the one to complete
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
}

#[derive(Debug, Arguments)]
pub(crate) struct ValidateArgs {
    /// Files of documents or objects; - is stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// What documents are; objects say it themselves
    #[arg(long, value_enum, default_value = "access")]
    pub(crate) kind: Kind,
}

#[derive(Debug, Arguments)]
pub(crate) struct LintArgs {
    /// Files of documents or objects; - is stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// What documents are; objects say it themselves
    #[arg(long, value_enum, default_value = "access")]
    pub(crate) kind: Kind,
    /// Profiles that exist, beside the SentinelProfiles of the files; with neither, any name may exist
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) profiles: Vec<String>,
    /// The session table of the installation; empty: it has none
    #[arg(long, value_name = "TABLE")]
    pub(crate) session_table: Option<String>,
}

#[derive(Debug, Arguments)]
pub(crate) struct FmtArgs {
    /// One document; - is stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    /// What the document is
    #[arg(long, value_enum, default_value = "access")]
    pub(crate) kind: Kind,
    /// Print nothing; exit 1 if the file isn't canonical
    #[arg(long, conflicts_with = "write")]
    pub(crate) check: bool,
    /// Write the canonical document to the file
    #[arg(long)]
    pub(crate) write: bool,
    /// Comments may go
    #[arg(long, requires = "write")]
    pub(crate) drop_comments: bool,
}

#[derive(Debug, Arguments)]
pub(crate) struct ConvertArgs {
    /// One document or object; - is stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    /// What a document is; objects say it themselves, and here it chooses among them [default: access]
    #[arg(long, value_enum)]
    pub(crate) kind: Option<Kind>,
    /// The name of the object, for a document; which object, where the file holds several
    #[arg(long)]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Arguments)]
pub(crate) struct ExplainArgs {
    /// A pod of the cluster: what the broker would say to it now
    #[arg(value_name = "pod NAME", num_args = 1..=2)]
    pub(crate) target: Vec<String>,
    /// An access policy, as a document or an object; - is stdin. Without it, the cluster's counts
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["target", "context", "kubeconfig", "namespace"])]
    pub(crate) file: Option<String>,
    /// Which object, where the file holds several policies
    #[arg(long, requires = "file")]
    pub(crate) name: Option<String>,
    /// Who asks; a pod is `system:serviceaccount:<namespace>:<name>`
    #[arg(long, required_unless_present = "target", conflicts_with = "target")]
    pub(crate) user: Option<String>,
    /// For which profile; a pod asks for the one of its annotation
    #[arg(long, required_unless_present = "target")]
    pub(crate) profile: Option<String>,
    /// How; sidecars are always server
    #[arg(long, default_value = "server", conflicts_with = "target", value_parser = modes())]
    pub(crate) mode: Mode,
    /// The session table of the installation, or of the profile with -f, if there is one; of a cluster, it is read from the
    /// broker's Deployment
    #[arg(long)]
    pub(crate) session_table: Option<String>,
    /// When, as 2026-03-02T12:00:00Z; now, if it isn't given
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) at: Option<Timestamp>,
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
    /// Where Sentinel is installed
    #[arg(long, value_name = "NAMESPACE", default_value = "sentinel-system")]
    pub(crate) install_namespace: String,
}

#[derive(Debug, Arguments)]
pub(crate) struct DiffArgs {
    /// The old access policy, as a document or an object; - is stdin
    #[arg(value_name = "OLD", required_unless_present = "file", requires = "new")]
    pub(crate) old: Option<String>,
    /// The new one
    #[arg(value_name = "NEW")]
    pub(crate) new: Option<String>,
    /// An AccessPolicy object, or a document with --name, compared with the cluster's of the same name
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["old", "new"])]
    pub(crate) file: Option<String>,
    /// Which object, where files hold several policies
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// For this user only
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// For this profile only
    #[arg(long)]
    pub(crate) profile: Option<String>,
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
}

/// Which cluster is asked.
#[derive(Debug, Default, Arguments)]
pub(crate) struct ConnectArgs {
    /// The context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// The kubeconfig, instead of KUBECONFIG and ~/.kube/config
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<String>,
    /// The namespace, instead of the context's
    #[arg(short, long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
}

#[derive(Debug, Arguments)]
pub(crate) struct TestArgs {
    /// A file of cases; - is stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    /// Which object, where the file of the policy holds several
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Also write a JUnit report
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<String>,
}

/// What kubectl asks for; nobody types it.
const COMPLETE: &str = "Answers kubectl, which asks for completions";

/// A moment as people write it.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    let how = "write it as 2026-03-02T12:00:00Z, or with an offset, as 2026-03-02T12:00:00+01:00";
    text.parse().map_err(|error| format!("{how} ({error})"))
}

fn modes() -> impl TypedValueParser<Value = Mode> {
    PossibleValuesParser::new(Mode::ALL.iter().map(|mode| mode.as_str())).try_map(|text| text.parse::<Mode>())
}

/// The script of completions for the binary, whose name kubectl knows it by.
pub(crate) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command().bin_name("kubectl-sentinel"), "kubectl-sentinel", &mut script);
    let script = String::from_utf8_lossy(&script);
    // The generators show what is hidden; the one for bash spells the dash of a name in two ways, so that its commands would
    // never be found.
    let shown = script.lines().filter(|line| !line.contains(COMPLETE));
    let script: String = shown.flat_map(|line| [line, "\n"]).collect();
    script.replace(" __complete ", " ").replace("kubectl__subcmd__sentinel", "kubectl__sentinel")
}
