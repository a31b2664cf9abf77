//! A set of names, in the policies' own patterns: exact, and as short as a greedy choice makes it.

use std::collections::BTreeSet;

use super::axis::Axis;

/// More exceptions than anybody reads.
const MOST_EXCEPTIONS: usize = 20;

/// `any user`, `a, b`, `any user except a`.
pub(super) fn cover(axis: &Axis, set: &BTreeSet<usize>, noun: &str) -> Vec<String> {
    if axis.only {
        return axis.names.iter().map(|name| name.example.clone()).collect();
    }
    if set.len() == axis.names.len() {
        return vec![format!("any {noun}")];
    }
    // The last combination is that of no pattern: all the names that neither policy knows.
    let unknown = axis.names.len().saturating_sub(1);
    if !set.contains(&unknown) {
        return listed(axis, set);
    }
    let rest: BTreeSet<usize> = (0..axis.names.len()).filter(|name| !set.contains(name)).collect();
    vec![format!("any {noun} except {}", listed(axis, &rest).join(", "))]
}

/// Patterns all of whose names are in the set, widest first; then what is left of others.
fn listed(axis: &Axis, set: &BTreeSet<usize>) -> Vec<String> {
    let mut of_pattern: Vec<(usize, BTreeSet<usize>)> =
        (0..axis.patterns.len()).map(|pattern| (pattern, BTreeSet::new())).collect();
    for (index, name) in axis.names.iter().enumerate() {
        for pattern in &name.matched {
            if let Some((_, names)) = of_pattern.get_mut(*pattern) {
                names.insert(index);
            }
        }
    }
    of_pattern.sort_by_key(|(pattern, names)| (std::cmp::Reverse(names.len()), *pattern));
    let mut left = set.clone();
    let mut found = vec![];
    for (pattern, names) in &of_pattern {
        if names.is_subset(set) && !names.is_disjoint(&left) {
            left.retain(|name| !names.contains(name));
            found.extend(axis.patterns.get(*pattern).map(ToString::to_string));
        }
    }
    found.extend(left.iter().map(|name| described(axis, *name)));
    found
}

/// `` `prod-*`, but not `prod-eu` (such as `prod-`) ``, `` both `prod-*` and `*-eu` (such as `prod-eu`) ``.
fn described(axis: &Axis, index: usize) -> String {
    let Some(name) = axis.names.get(index) else { return String::new() };
    let quoted = |pattern: usize| axis.patterns.get(pattern).map(|pattern| format!("`{pattern}`"));
    let all: Vec<String> = name.matched.iter().filter_map(|pattern| quoted(*pattern)).collect();
    // Of two patterns those are meant that match both: not to be read as a list of two.
    let each = match all.len() {
        0 | 1 => "",
        2 => "both ",
        _ => "each of ",
    };
    let all = format!("{each}{}", all.join(" and "));
    // Patterns that some of those names match, too.
    let closer = axis.names.iter().filter(|other| name.matched.iter().all(|pattern| other.matched.contains(pattern)));
    let others: BTreeSet<usize> = closer
        .flat_map(|other| other.matched.iter().copied())
        .filter(|pattern| !name.matched.contains(pattern))
        .collect();
    if others.is_empty() {
        return format!("{all} (such as `{}`)", name.example);
    }
    let but: Vec<String> = others.iter().take(MOST_EXCEPTIONS).filter_map(|pattern| quoted(*pattern)).collect();
    let more = others.len().saturating_sub(MOST_EXCEPTIONS);
    let more = if more == 0 { String::new() } else { format!(" nor {more} more that the policies name") };
    format!("{all}, but not {}{more} (such as `{}`)", but.join(", "), name.example)
}
