//! Pages of a site from a cache: a tower layer that serves the page it has, now, and has it made again behind the request.

mod fill;
mod reader;

pub use fill::{Filled, Filling, Joining, Pushed, fill};
pub use reader::{Broken, Reader};
