//! What is said of one table. Pure.

use sentinel_api::ConditionStatus;
use sentinel_aws::{AwsError, ErrorKind, TableFacts};

/// Of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Whether it can be used.
    pub status: ConditionStatus,
    /// One word for programs.
    pub reason: &'static str,
    /// For people; names the table.
    pub text: String,
}

impl Verdict {
    /// Of `table` after it was asked about; `before`: the last that was really known of it.
    pub fn of(table: &str, answer: &Result<Option<TableFacts>, AwsError>, before: Option<&Self>) -> Self {
        match answer {
            Ok(Some(facts)) => of_facts(table, facts),
            Ok(None) => missing(table),
            Err(error) => unknown(table, error, before),
        }
    }

    /// Whether it rests on an answer.
    pub fn is_known(&self) -> bool {
        self.status != ConditionStatus::Unknown
    }
}

fn of_facts(table: &str, facts: &TableFacts) -> Verdict {
    let (problems, advice) = (facts.problems(), facts.advice());
    if let Some(first) = problems.first() {
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let text = format!("table {table} is not ready: {}", all.join("; "));
        return Verdict { status: ConditionStatus::False, reason: first.reason(), text };
    }
    if advice.is_empty() {
        return Verdict { status: ConditionStatus::True, reason: "Ready", text: format!("table {table} is ready") };
    }
    let text = format!("table {table} can be used, but {}", advice.join("; "));
    Verdict { status: ConditionStatus::True, reason: "Improvable", text }
}

fn missing(table: &str) -> Verdict {
    let text = format!(
        "there is no table {table} in the operator's account and region: make it (config/aws/session-table.cfn.json), or name another"
    );
    Verdict { status: ConditionStatus::False, reason: "TableNotFound", text }
}

/// Who can't look can't say that it is broken.
fn unknown(table: &str, error: &AwsError, before: Option<&Verdict>) -> Verdict {
    let status = ConditionStatus::Unknown;
    if error.kind == ErrorKind::Denied {
        let text = format!(
            "the operator may not look at table {table}, which may work all the same: allow it dynamodb:DescribeTable, DescribeTimeToLive and DescribeContinuousBackups (config/aws/operator-permissions.json). {error}"
        );
        return Verdict { status, reason: "NotAllowed", text };
    }
    let known = before.map(|before| format!("; last known: {}", before.text)).unwrap_or_default();
    let text = format!("what table {table} is like could not be asked: {error}{known}");
    Verdict { status, reason: "NoAnswer", text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn error(kind: ErrorKind) -> AwsError {
        let subject = "table `t`".to_owned();
        AwsError { service: "DynamoDB", operation: "DescribeTable", subject, kind, message: "no".to_owned() }
    }

    #[rstest]
    #[case(Ok(None), ConditionStatus::False, "TableNotFound", "there is no table t in")]
    #[case(Err(error(ErrorKind::Denied)), ConditionStatus::Unknown, "NotAllowed", "allow it dynamodb:DescribeTable,")]
    #[case(
        Err(error(ErrorKind::Throttled)),
        ConditionStatus::Unknown,
        "NoAnswer",
        "on table `t`: no; last known: table t is ready"
    )]
    #[case(Err(error(ErrorKind::Unavailable)), ConditionStatus::Unknown, "NoAnswer", "could not be asked")]
    fn whoever_can_not_look_says_so(
        #[case] answer: Result<Option<TableFacts>, AwsError>,
        #[case] status: ConditionStatus,
        #[case] reason: &str,
        #[case] words: &str,
    ) {
        let ready = Verdict { status: ConditionStatus::True, reason: "Ready", text: "table t is ready".into() };
        let verdict = Verdict::of("t", &answer, Some(&ready));
        assert_eq!((verdict.status, verdict.reason), (status, reason));
        assert!(verdict.text.contains(words), "{}", verdict.text);
    }
}
