//! What the one who fills a body and those who read it have in common.

use std::sync::{Mutex, PoisonError};
use std::task::Waker;

use bytes::Bytes;

use crate::course::Course;

/// A body's course under its lock, which is held for moments, and never across an await.
#[derive(Debug)]
pub(crate) struct Shared(Mutex<Course>);

impl Shared {
    pub(crate) fn new(course: Course) -> Shared {
        Shared(Mutex::new(course))
    }

    /// Does something with the course, and then what follows from it: whatever a waker or the owner of some bytes does when it is
    /// woken or dropped, the lock is free again.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Course) -> T) -> T {
        let mut course = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut course);
        let aftermath = course.take_aftermath();
        drop(course);
        aftermath.woken.into_iter().for_each(Waker::wake);
        result
    }
}

/// What is to be done when the lock is free.
#[derive(Debug, Default)]
pub(crate) struct Aftermath {
    pub(crate) woken: Vec<Waker>,
    /// Wakers that are needed no more, to be dropped.
    pub(crate) idle: Vec<Waker>,
    /// Pieces that are held no more, to be dropped.
    pub(crate) freed: Vec<Bytes>,
}
