//! Files, and stdin as a file named `-`.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use crate::failure::Failure;

/// More than anybody writes; a device or a log must not fill the memory.
const MAX_BYTES: u64 = 64 << 20;

/// Where texts come from.
pub(crate) struct Sources<'a> {
    stdin: &'a mut dyn Read,
    is_stdin_read: bool,
}

/// A text, and what messages call it.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl<'a> Sources<'a> {
    pub(crate) fn new(stdin: &'a mut dyn Read) -> Self {
        Self { stdin, is_stdin_read: false }
    }

    /// The text of a file; of stdin for `-`.
    pub(crate) fn read(&mut self, file: &str) -> Result<Source, Failure> {
        let (name, reader) = self.open(file)?;
        let text = whole(reader).map_err(|cause| failed(&name, cause))?;
        Ok(Source { name, text })
    }

    /// A file, or stdin for `-`, to be read bit by bit; and what messages call it.
    pub(crate) fn open(&mut self, file: &str) -> Result<(String, Box<dyn Read + '_>), Failure> {
        if file != "-" {
            let opened = fs::File::open(file).map_err(|cause| failed(file, cause))?;
            return Ok((file.to_owned(), Box::new(opened)));
        }
        if std::mem::replace(&mut self.is_stdin_read, true) {
            return Err(Failure::Usage("stdin (-) can be read only once: name it once".to_owned()));
        }
        Ok(("stdin".to_owned(), Box::new(&mut *self.stdin)))
    }
}

/// Replaces a file as a whole: a copy beside it is renamed, so that nobody ever sees half of it.
pub(crate) fn replace(file: &str, text: &str) -> Result<(), Failure> {
    // A link stays a link to the file that is replaced.
    let path = fs::canonicalize(file).map_err(|cause| failed(file, cause))?;
    let beside = path.with_added_extension(format!("{}.new", std::process::id()));
    let permissions = fs::metadata(&path).map(|data| data.permissions());
    let written =
        permissions.and_then(|kept| write_beside(&beside, text, kept)).and_then(|()| fs::rename(&beside, &path));
    written.map_err(|cause| failed(file, cause))
}

/// Writes a file that others don't depend on.
pub(crate) fn write(file: &str, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(|cause| failed(file, cause))
}

fn whole(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    let length = from.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if length as u64 > MAX_BYTES {
        return Err(io::Error::other(format!("has more than {} MiB", MAX_BYTES >> 20)));
    }
    Ok(text)
}

fn write_beside(beside: &Path, text: &str, permissions: fs::Permissions) -> io::Result<()> {
    fs::write(beside, text)?;
    fs::set_permissions(beside, permissions)
}

fn failed(file: &str, cause: io::Error) -> Failure {
    Failure::File { name: file.to_owned(), cause }
}
