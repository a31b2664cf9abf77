//! Sessions as a table: the columns of `kubectl get sentinelsessions`, and the namespace.

use jiff::Timestamp;
use sentinel_core::policy::is_invisible;

use super::age::age;
use super::seen::Seen;

const COLUMNS: [&str; 10] =
    ["NAMESPACE", "NAME", "USER", "PROFILE", "POD", "STATUS", "REQUESTS", "LAST-ACCESS", "EXPIRY", "AGE"];
const MORE: [&str; 3] = ["TABLE", "REVOKED-BY", "REVOKED-REASON"];

/// Columns as wide as what has been shown.
#[derive(Debug)]
pub(super) struct Table {
    wide: bool,
    widths: Vec<usize>,
}

impl Table {
    pub(super) fn new(wide: bool) -> Self {
        Self { wide, widths: Vec::new() }
    }

    /// The head, and a line for each.
    pub(super) fn whole(&mut self, sessions: &[Seen], now: Timestamp) -> String {
        let more = MORE.iter().filter(|_| self.wide);
        let head = COLUMNS.iter().chain(more).map(ToString::to_string).collect();
        let rows: Vec<Vec<String>> =
            std::iter::once(head).chain(sessions.iter().map(|one| self.cells(one, now))).collect();
        for row in &rows {
            self.widen(row);
        }
        rows.iter().map(|row| self.line(row)).collect()
    }

    /// A line beneath those before.
    pub(super) fn next(&mut self, session: &Seen, now: Timestamp) -> String {
        let row = self.cells(session, now);
        self.widen(&row);
        self.line(&row)
    }

    fn cells(&self, session: &Seen, now: Timestamp) -> Vec<String> {
        let status = &session.status;
        let ago = |time: Option<Timestamp>| time.map_or("<none>".to_owned(), |time| age(time, now));
        let last = status.last_access.as_deref().and_then(|time| time.parse().ok());
        let mut cells = vec![
            session.namespace.clone(),
            session.name.clone(),
            session.user.clone(),
            session.profile.clone(),
            session.pod.clone(),
            format!("{:?}", status.phase),
            status.requests.map(|count| count.to_string()).unwrap_or_default(),
            ago(last),
            status.expires_at.clone().unwrap_or_default(),
            ago(session.created),
        ];
        if self.wide {
            cells.extend(
                [&status.table, &status.revoked_by, &status.revoked_reason]
                    .map(|cell| cell.clone().unwrap_or_default()),
            );
        }
        cells.iter().map(|cell| printable(cell)).collect()
    }

    fn widen(&mut self, row: &[String]) {
        self.widths.resize(row.len(), 0);
        for (width, cell) in self.widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }

    fn line(&self, row: &[String]) -> String {
        let cells = row.iter().zip(&self.widths).map(|(cell, width)| format!("{cell:<width$}   "));
        format!("{}\n", cells.collect::<String>().trim_end())
    }
}

/// Whoever revokes writes the reason: nothing of it moves the cursor.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if is_invisible(c) { '\u{FFFD}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinel_api::Phase;

    fn session(name: &str) -> Seen {
        let mut session = Seen {
            namespace: "payments".into(),
            name: name.into(),
            user: "system:serviceaccount:payments:api".into(),
            profile: "prod".into(),
            pod: "api-0".into(),
            created: Some(Timestamp::UNIX_EPOCH),
            ..Seen::default()
        };
        session.status.phase = Phase::Revoked;
        session.status.requests = Some(12);
        session.status.last_access = Some("1970-01-01T00:01:00Z".into());
        session.status.revoked_by = Some("dana".into());
        session.status.revoked_reason = Some("a\u{1b}[2Jb".into());
        session
    }

    #[test]
    fn columns_are_kubectls() {
        let now: Timestamp = "1970-01-01T00:03:00Z".parse().unwrap();
        let text = Table::new(false).whole(&[session("0123456789abcdef")], now);
        assert_eq!(
            text,
            "NAMESPACE   NAME               USER                                 PROFILE   POD     STATUS    REQUESTS   LAST-ACCESS   EXPIRY   AGE\n\
             payments    0123456789abcdef   system:serviceaccount:payments:api   prod      api-0   Revoked   12         2m                     3m\n"
        );
        let mut wide = Table::new(true);
        let text = wide.whole(&[session("a")], now);
        assert!(text.lines().next().unwrap().ends_with("AGE   TABLE   REVOKED-BY   REVOKED-REASON"), "{text}");
        assert!(text.ends_with("dana         a\u{FFFD}[2Jb\n"), "{text}");
        let next = wide.next(&session("b"), now);
        assert_eq!(
            next.find("system:"),
            text.lines().last().unwrap().find("system:"),
            "lines stand beneath each other"
        );
    }
}
