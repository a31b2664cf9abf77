//! A table: the columns of `kubectl get`, and the namespace.

use std::marker::PhantomData;

use jiff::Timestamp;
use kube::ResourceExt as _;
use kube::api::DynamicObject;

use super::Listing;
use crate::report::Format;
use crate::words::printable;

/// Columns as wide as what has been shown.
#[derive(Debug)]
pub(crate) struct Table<L> {
    wide: bool,
    widths: Vec<usize>,
    listing: PhantomData<L>,
}

impl<L: Listing> Table<L> {
    pub(crate) fn new(format: Format) -> Self {
        Self { wide: format == Format::Wide, widths: Vec::new(), listing: PhantomData }
    }

    /// The head, and a line for each.
    pub(crate) fn whole(&mut self, objects: &[DynamicObject], now: Timestamp) -> String {
        let rows: Vec<Vec<String>> =
            std::iter::once(self.head()).chain(objects.iter().map(|one| self.cells(one, now))).collect();
        for row in &rows {
            widen(&mut self.widths, row);
        }
        rows.iter().map(|row| line(&self.widths, row)).collect()
    }

    /// A line beneath those before.
    pub(crate) fn next(&mut self, object: &DynamicObject, now: Timestamp) -> String {
        let row = self.cells(object, now);
        widen(&mut self.widths, &row);
        line(&self.widths, &row)
    }

    fn head(&self) -> Vec<String> {
        let more = L::MORE.iter().filter(|_| self.wide);
        ["NAMESPACE", "NAME"].iter().chain(L::COLUMNS).chain(more).map(ToString::to_string).collect()
    }

    fn cells(&self, object: &DynamicObject, now: Timestamp) -> Vec<String> {
        let names = [object.namespace().unwrap_or_default(), object.name_any()];
        let cells = names.into_iter().chain(L::cells(object, now));
        cells.take(self.head().len()).map(|cell| printable(&cell)).collect()
    }
}

/// Rows of printable cells, beneath each other.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let mut widths = vec![];
    for row in rows {
        widen(&mut widths, row);
    }
    rows.iter().map(|row| line(&widths, row)).collect()
}

fn widen(widths: &mut Vec<usize>, row: &[String]) {
    widths.resize(row.len(), 0);
    for (width, cell) in widths.iter_mut().zip(row) {
        *width = cell.chars().count().max(*width);
    }
}

fn line(widths: &[usize], row: &[String]) -> String {
    let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}   "));
    format!("{}\n", cells.collect::<String>().trim_end())
}
