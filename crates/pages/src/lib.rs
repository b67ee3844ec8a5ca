//! Pages of a site from a cache: a tower layer that serves the page it has, now, and has it made again behind the request.

mod fill;
mod reader;
mod shared;
mod course;
mod pieces;
mod budget;

pub use budget::Budget;
pub use fill::{Bounds, Filled, Filling, Joining, Pushed, fill};
pub use reader::{Broken, Reader};
