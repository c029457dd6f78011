//! Lines as they are counted in an editor: each ends with one newline, whatever the file has at its
//! lines' ends. What stands in them is not here.

use std::collections::VecDeque;
use std::io::{self, Read};

/// Reads a file with `\r\n` made `\n`, and with a newline at its very end.
pub(super) struct Lines<R> {
    file: R,
    /// What is to be given out next.
    ready: VecDeque<u8>,
    /// The last byte was a carriage return, of which the next byte says what it is.
    holds_return: bool,
    /// The last byte was a newline, or there was none.
    is_at_line_start: bool,
    is_at_end: bool,
}

impl<R> Lines<R> {
    pub(super) fn new(file: R) -> Self {
        Self {
            file,
            ready: VecDeque::new(),
            holds_return: false,
            is_at_line_start: true,
            is_at_end: false,
        }
    }

    fn take(&mut self, byte: u8) {
        if self.holds_return && byte != b'\n' {
            self.ready.push_back(b'\r');
        }
        self.holds_return = byte == b'\r';
        if !self.holds_return {
            self.ready.push_back(byte);
        }
        self.is_at_line_start = byte == b'\n';
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut piece = [0; 8_192];
        while self.ready.is_empty() && !self.is_at_end {
            let count = self.file.read(&mut piece)?;
            for byte in piece.iter().take(count) {
                self.take(*byte);
            }
            if count == 0 {
                self.is_at_end = true;
                if !self.is_at_line_start {
                    self.holds_return = false;
                    self.ready.push_back(b'\n');
                }
            }
        }
        self.ready.read(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, expected: &str) {
        for size in [1, 2, 3, 5, 8_192] {
            let mut lines = Lines::new(file.as_bytes());
            let (mut read, mut piece) = (Vec::new(), vec![0; size]);
            loop {
                let count = lines.read(&mut piece).unwrap();
                if count == 0 {
                    break;
                }
                read.extend_from_slice(&piece[..count]);
            }
            assert_eq!(String::from_utf8(read).unwrap(), expected, "{file:?} by {size}");
        }
    }

    #[test]
    fn every_end_of_a_line() {
        check("", "");
        check("a", "a\n");
        check("a\n", "a\n");
        check("a\r\nb\r\n", "a\nb\n");
        check("a\r\n\r\n\nb", "a\n\n\nb\n");
        check("a\rb\r\rc\r\r\n", "a\rb\r\rc\r\n");
        check("a\r", "a\n");
    }
}
