//! Pages of a site from a cache: a tower layer that serves the page it has, now, and has it made again behind the request.

// What its users hold.
mod cache;
mod settings;
mod audience;
mod service;

// How a request is answered.
mod walk;
mod reply;
mod body;
mod following;

// How a page is made, once for all who ask.
mod page;
mod load;
mod flight;
mod fetch;
mod error;

// A body that is read while it comes.
mod pump;
mod fill;
mod reader;
mod shared;
mod course;
mod pieces;
mod budget;

pub use audience::Audience;
pub use body::PageBody;
pub use budget::Budget;
pub use cache::{Bounds as CacheBounds, PageCache};
pub use error::PageError;
pub use fill::{Bounds, Filled, Filling, Joining, Pushed, fill};
pub use page::{Page, PageAt};
pub use reader::{Broken, Reader};
pub use service::PageService;
pub use settings::Settings;
