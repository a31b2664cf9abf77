//! Lines on standard output, written by a thread of their own: a reader that stalls must not stall whoever has something to say.

use std::io::{self, Write as _};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use jiff::Timestamp;
use sentinel_core::audit::Sealer;

/// Lines that wait for standard output.
const QUEUE: usize = 4096;

/// Standard output, a line at a time.
#[derive(Clone, Debug)]
pub struct Lines {
    queue: SyncSender<String>,
}

impl Lines {
    /// Starts the thread `name`, which ends with the last of the clones. With a `sealer` it signs each line: in the order in which
    /// they are written, and none that was dropped before.
    pub fn start(name: &str, mut sealer: Option<Sealer>) -> io::Result<Self> {
        let (lines, queue) = Self::new();
        let seal = move |line| sealed(sealer.as_mut(), line);
        std::thread::Builder::new().name(name.to_owned()).spawn(move || write_lines(&queue, seal))?;
        Ok(lines)
    }

    /// Lines that wait to be read, as they are.
    pub fn new() -> (Self, Receiver<String>) {
        let (queue, receiver) = sync_channel(QUEUE);
        (Self { queue }, receiver)
    }

    /// Writes `line`, soon. `false`: too many wait already.
    pub fn write(&self, line: String) -> bool {
        self.queue.try_send(line).is_ok()
    }
}

fn write_lines(queue: &Receiver<String>, mut seal: impl FnMut(String) -> String) {
    for line in queue {
        let line = seal(line);
        // A closed standard output is no reason to stop working; the container's runtime is at fault.
        _ = writeln!(io::stdout().lock(), "{line}");
    }
}

fn sealed(sealer: Option<&mut Sealer>, line: String) -> String {
    sealer.and_then(|sealer| sealer.seal(&line, Timestamp::now())).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinel_core::audit::{Key, Sealed};

    #[test]
    fn a_full_queue_says_so_and_waits_for_nobody() {
        let (lines, queue) = Lines::new();
        assert!((0..QUEUE).all(|n| lines.write(n.to_string())));
        assert!(!lines.write("one more".to_owned()));
        assert_eq!(queue.recv().unwrap(), "0");
        assert!(lines.write("one more".to_owned()));
    }

    #[test]
    fn lines_are_signed_where_there_is_a_key() {
        let key = Key::read("a", &[7; 32]).unwrap();
        let mut sealer = Sealer::new(key.clone(), "pod-0", Timestamp::UNIX_EPOCH);
        let line = sealed(Some(&mut sealer), "{}".to_owned());
        assert!(Sealed::read(&line).unwrap().is_by(&key), "{line}");
        assert_eq!(sealed(None, "{}".to_owned()), "{}");
    }
}
