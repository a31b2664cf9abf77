//! What the scan for orphans could not put right, for the profiles that it concerns. Pure.

use sentinel_api::{ProfileStatus, StrayRow};

use crate::tables::Named;

/// More help nobody.
const MOST: usize = 20;

/// Of all tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Strays {
    /// Rows that could not be ended, each with its profile.
    pub rows: Vec<(String, StrayRow)>,
    /// Tables that could not be searched.
    pub tables: Vec<StrayRow>,
}

/// Writes into `status` what concerns profile `name`, which may use `named`; before the first scan it keeps what it says.
pub(crate) fn tell(strays: Option<&Strays>, name: &str, named: &Named, status: &mut ProfileStatus) {
    let Some(strays) = strays else { return };
    let rows = strays.rows.iter().filter(|(profile, _)| profile == name).map(|(_, row)| row);
    let tables = strays.tables.iter().filter(|one| named.tables.contains(&one.table));
    status.stray_rows = tables.chain(rows).take(MOST).cloned().collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_profile_is_told_of_its_rows_and_tables_once_they_were_looked_for() {
        let of = |table: &str, session: Option<usize>| StrayRow {
            table: table.into(),
            session: session.map(|number| number.to_string()),
            ..StrayRow::default()
        };
        let rows =
            (0..30).map(|number| (if number % 2 == 0 { "prod" } else { "dev" }.to_owned(), of("a", Some(number))));
        let strays = Strays { rows: rows.collect(), tables: vec![of("b", None), of("c", None)] };
        let named = Named { tables: vec!["a".into(), "b".into()], requiring: vec![] };
        let mut status = ProfileStatus::default();
        tell(Some(&strays), "prod", &named, &mut status);
        assert_eq!(status.stray_rows.len(), 16);
        assert_eq!(status.stray_rows[..3], [of("b", None), of("a", Some(0)), of("a", Some(2))]);
        let before = status.clone();
        tell(None, "prod", &named, &mut status);
        assert_eq!(status, before);
        tell(Some(&Strays::default()), "prod", &named, &mut status);
        assert_eq!(status.stray_rows, []);
    }
}
