//! What is written is read again, by this version and by others; what is not ours is refused.

mod codec;
mod envelope;
