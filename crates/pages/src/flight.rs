//! Pages that are being loaded here, and who waits for them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use freshen_http::{Admitted, Rule};
use http::Response;
use tokio::sync::watch;

use crate::body::PageBody;
use crate::fetch::Fetch;
use crate::fill::Joining;
use crate::outage::Outage;
use crate::page::PageAt;

/// A page that is being loaded, or about to be.
pub(crate) struct Flight {
    pub fetch: Fetch,
    news: watch::Sender<News>,
    own: Mutex<Own>,
    /// Whether its request was answered.
    answered: AtomicBool,
}

/// What those who wait are told before the load has ended.
#[derive(Clone)]
pub(crate) enum News {
    /// Nothing yet.
    Waiting,
    /// A response comes that is to be kept: who may, follows it.
    Coming(Arc<Coming>),
    /// What came is for the one whose request it was: all others ask by themselves.
    Alone(Rule),
    /// The service behind failed, for all who wait.
    Failed(Outage),
}

/// A response that comes.
pub(crate) struct Coming {
    pub admitted: Admitted,
    pub joining: Joining,
    /// How many invalidations had been heard of before it was asked for.
    pub raises: u64,
}

/// What the one gets whose request is sent: all that came for him.
enum Own {
    Wanted,
    Here(Box<Response<PageBody>>),
    /// He has it, or is gone; or there is none who waits.
    Over,
}

impl Flight {
    /// Gives the one whose request it was what came for him, if he still waits.
    pub fn offer(&self, response: Response<PageBody>) {
        let mut own = lock(&self.own);
        if !matches!(*own, Own::Over) {
            *own = Own::Here(Box::new(response));
        }
    }

    pub fn tell(&self, news: News) {
        self.news.send_replace(news);
    }

    /// Its request was answered: who comes from here on has not waited for that.
    pub fn answered(&self) {
        self.answered.store(true, Ordering::Release);
    }

    fn is_answered(&self) -> bool {
        self.answered.load(Ordering::Acquire)
    }
}

/// The pages that are being loaded here. Clones share them.
#[derive(Clone, Default)]
pub struct Flights(Arc<Mutex<HashMap<PageAt, Taken>>>);

struct Taken {
    flight: Arc<Flight>,
    seats: usize,
}

impl Flights {
    /// A seat in the flight of a page, which begins here if there is none: then `fetch` is what it sends.
    pub(crate) fn board(&self, at: &PageAt, fetch: impl Fn() -> Fetch) -> Seat {
        // Another may board between the two.
        loop {
            let boarded = self.seat(at).or_else(|| self.begin(at, true, &fetch));
            if let Some(seat) = boarded {
                return seat;
            }
        }
    }

    /// Begins a flight, for one who waits or behind the requests. `None`: there is one.
    pub(crate) fn begin(&self, at: &PageAt, first: bool, fetch: impl Fn() -> Fetch) -> Option<Seat> {
        if lock(&self.0).contains_key(at) {
            return None;
        }
        // Not under the lock of all: it copies whatever layers have put into the request.
        let own = Mutex::new(if first { Own::Wanted } else { Own::Over });
        let news = watch::Sender::new(News::Waiting);
        let flight = Arc::new(Flight { fetch: fetch(), news, own, answered: false.into() });
        let seat = Seat { flights: self.clone(), at: at.clone(), flight, first, late: false };
        let mut flights = lock(&self.0);
        // Another may have begun one meanwhile; the seat in ours is then none of his.
        let Entry::Vacant(vacant) = flights.entry(at.clone()) else {
            drop(flights);
            return None;
        };
        vacant.insert(Taken { flight: seat.flight.clone(), seats: 1 });
        drop(flights);
        Some(seat)
    }

    /// A seat in the flight of a page, if there is one.
    pub(crate) fn seat(&self, at: &PageAt) -> Option<Seat> {
        let mut flights = lock(&self.0);
        let taken = flights.get_mut(at)?;
        taken.seats += 1;
        let flight = taken.flight.clone();
        drop(flights);
        let late = flight.is_answered();
        Some(Seat { flights: self.clone(), at: at.clone(), flight, first: false, late })
    }

    /// Lets nobody board the flight of this seat any more: who comes begins another.
    pub(crate) fn close(&self, seat: &Seat) {
        let mut flights = lock(&self.0);
        if let Entry::Occupied(taken) = flights.entry(seat.at.clone())
            && Arc::ptr_eq(&taken.get().flight, &seat.flight)
        {
            taken.remove();
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        lock(&self.0).len()
    }
}

/// A seat in a flight, which ends with the last of them.
pub(crate) struct Seat {
    flights: Flights,
    at: PageAt,
    pub flight: Arc<Flight>,
    /// Whether it is this one's request that is sent.
    pub first: bool,
    /// Whether the request was answered before this one came.
    late: bool,
}

impl Seat {
    /// What is told, from now on.
    pub fn news(&self) -> watch::Receiver<News> {
        self.flight.news.subscribe()
    }

    /// Whether the request was answered while this one waited. If not, what is loaded was made before this one came, and was still
    /// being stored: by this flight, or by one that had ended.
    pub fn has_waited(&self) -> bool {
        !self.late && self.flight.is_answered()
    }

    /// What came for this one.
    pub fn own(&self) -> Option<Response<PageBody>> {
        if !self.first {
            return None;
        }
        match std::mem::replace(&mut *lock(&self.flight.own), Own::Over) {
            Own::Here(response) => Some(*response),
            Own::Wanted | Own::Over => None,
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // What came for him would be read by nobody.
        let own = self.own();
        let mut flights = lock(&self.flights.0);
        if let Entry::Occupied(mut taken) = flights.entry(self.at.clone())
            && Arc::ptr_eq(&taken.get().flight, &self.flight)
        {
            taken.get_mut().seats -= 1;
            if taken.get().seats == 0 {
                taken.remove();
            }
        }
        drop(flights);
        drop(own);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
