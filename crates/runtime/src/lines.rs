//! Lines on standard output, written by a thread of their own: a reader that stalls must not stall whoever has something to say.

use std::io::{self, Write as _};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Lines that wait for standard output.
const QUEUE: usize = 4096;

/// Standard output, a line at a time.
#[derive(Clone, Debug)]
pub struct Lines {
    queue: SyncSender<String>,
}

impl Lines {
    /// Starts the thread `name`, which ends with the last of the clones.
    pub fn start(name: &str) -> io::Result<Self> {
        let (lines, queue) = Self::new();
        std::thread::Builder::new().name(name.to_owned()).spawn(move || write_lines(&queue))?;
        Ok(lines)
    }

    /// Lines that wait to be read.
    pub fn new() -> (Self, Receiver<String>) {
        let (queue, receiver) = sync_channel(QUEUE);
        (Self { queue }, receiver)
    }

    /// Writes `line`, soon. `false`: too many wait already.
    pub fn write(&self, line: String) -> bool {
        self.queue.try_send(line).is_ok()
    }
}

fn write_lines(queue: &Receiver<String>) {
    for line in queue {
        // A closed standard output is no reason to stop working; the container's runtime is at fault.
        _ = writeln!(io::stdout().lock(), "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_says_so_and_waits_for_nobody() {
        let (lines, queue) = Lines::new();
        assert!((0..QUEUE).all(|n| lines.write(n.to_string())));
        assert!(!lines.write("one more".to_owned()));
        assert_eq!(queue.recv().unwrap(), "0");
        assert!(lines.write("one more".to_owned()));
    }
}
