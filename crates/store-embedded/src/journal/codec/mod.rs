//! A batch as bytes: what an [`Encoder`] writes into a frame and the journal reads back. Frames,
//! segments and their checksums are not known here.

use std::sync::Arc;

use kernel::Kind;

use crate::rows::Batch;

/// What the numbers in encoded batches stand for: kinds of record with their columns, and types of
/// event. Each segment begins with it, so that a program whose kinds changed order reads it right.
#[derive(Debug)]
pub struct Names {
    kinds: Vec<&'static Kind>,
}

impl Names {
    /// Of these kinds, and of all types of event.
    pub fn of(kinds: &[&'static Kind]) -> Arc<Self> {
        Arc::new(Self { kinds: kinds.to_vec() })
    }
}

/// Encodes batches, one after another. It keeps what it needs from one to the next, so that no
/// memory is asked for while it encodes.
#[derive(Debug)]
pub struct Encoder {
    names: Arc<Names>,
}

impl Encoder {
    /// For a journal that was opened with the same names.
    pub fn new(names: Arc<Names>) -> Self {
        Self { names }
    }

    /// Appends the bytes of a batch to `out`. Its number is not among them: the frame says it.
    pub fn encode(&mut self, batch: &Batch, out: &mut Vec<u8>) {
        assert!(
            batch.records.iter().all(|row| self.names.kinds.contains(&row.kind())),
            "a record of a kind that the journal was not told of"
        );
        out.push(0);
    }
}
