//! Whether a line is the next of its chain.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;

/// Where a line stands: part of what was signed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Link {
    /// Which chain: a pod, and when its process began.
    pub writer: String,
    /// The how manyth line, from 1.
    pub seq: u64,
    /// The signature of the one before; empty: it is the first.
    pub prev: String,
}

/// The chains that were seen, and where each stands.
#[derive(Clone, Debug, Default)]
pub struct Chains(HashMap<String, Tip>);

#[derive(Clone, Debug)]
struct Tip {
    seq: u64,
    signature: String,
}

/// What is wrong with where a line stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The chain begins with this line here, and so many are before it: in an older file, or gone.
    Beginning(u64),
    /// So many between the last and this one are missing.
    Missing(u64),
    /// The number is right, and it follows another line than the one that was here.
    Other,
    /// It was here before, or its place is before one that was here: files in another order than they were written.
    Before,
}

impl Chains {
    /// Takes the next line, whose signature is right.
    pub fn follow(&mut self, link: Link, signature: &str) -> Result<(), Broken> {
        let Link { writer, seq, prev } = link;
        let tip = self.0.get(&writer);
        let found = match tip {
            None if seq <= 1 => Ok(()),
            None => Err(Broken::Beginning(seq.saturating_sub(1))),
            Some(tip) if seq <= tip.seq => return Err(Broken::Before),
            Some(tip) if seq > tip.seq.saturating_add(1) => Err(Broken::Missing(seq.saturating_sub(tip.seq) - 1)),
            Some(tip) if tip.signature != prev => Err(Broken::Other),
            Some(_) => Ok(()),
        };
        self.0.insert(writer, Tip { seq, signature: signature.to_owned() });
        found
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beginning(count) => write!(f, "{} before it, which are not here", lines(*count)),
            Self::Missing(count) => write!(f, "{} missing before it", lines(*count)),
            Self::Other => f.write_str("it follows another line than the one before it here"),
            Self::Before => f.write_str("it was here already, or is older than one that was: read files in the order in which they were written"),
        }
    }
}

fn lines(count: u64) -> String {
    if count == 1 {
        "1 line of the same process is".to_owned()
    } else {
        format!("{count} lines of the same process are")
    }
}
