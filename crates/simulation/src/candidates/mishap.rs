//! What goes wrong with deliveries while a store is tested. Deliveries are numbered from 0 in the
//! order in which they are first tried.

/// See the file's comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// Nothing.
    None,
    /// The delivery of that number fails at first, and comes later.
    Fails(u64),
    /// The delivery of that number fails until it is a dead letter.
    Dies(u64),
    /// Every delivery fails at first.
    AllFail,
    /// The delivery of that number never comes, as when a relay was down for longer than a stream keeps.
    Loses(u64),
    /// Nothing comes the first time that it is said.
    AllLost,
    /// They come in an order of their own, which the seed gives, and some of them twice.
    Shuffled(u64),
}
