//! Which parameters of a query count.

/// Most parameters of a query that are looked at. Where there are more, all count, as they stand.
pub const PARAMETERS_MOST: usize = 1024;

/// Which parameters of a query count, and whether their order does. The default: all count, as they stand.
///
/// Servers read queries in many ways: some end a parameter at `;` or `?` too, some decode names, some do not tell `A` from `a`
/// or `a.b` from `a_b`. So a parameter is left out or moved only where all of them see the same one: its name is plain (letters,
/// digits, `-` and `_`, none of them encoded) and no `;` or `?` stands in it. Everything else counts.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    /// Which count.
    pub counting: Counting,
    /// Whether their order does not. Those of one name keep theirs; where one is not plain, all do.
    pub sorted: bool,
}

/// Which parameters count.
#[derive(Clone, Debug, Default)]
pub enum Counting {
    /// All.
    #[default]
    All,
    /// All but these. Their names are compared as they stand.
    AllBut(Names),
    /// These alone, in any case of letters, and whatever is not plain.
    Only(Names),
}

/// Names of parameters. One that ends with `*` is the beginning of names: `utm_*`.
#[derive(Clone, Debug, Default)]
pub struct Names(Vec<Box<str>>);

impl<'a> FromIterator<&'a str> for Names {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        Names(names.into_iter().map(Into::into).collect())
    }
}

impl Parameters {
    /// The query that makes the key; `None`: nothing is left of it.
    pub(crate) fn keyed(&self, query: &str) -> Option<String> {
        if self.keep_all() || query.split('&').nth(PARAMETERS_MOST).is_some() {
            return Some(query.to_owned());
        }
        let mut pieces: Vec<Piece<'_>> = query.split('&').map(Piece::of).collect();
        pieces.retain(|piece| self.counting.counts(piece));
        if pieces.is_empty() {
            return None;
        }
        if self.sorted && pieces.iter().all(Piece::is_plain) {
            // A stable sort: those of one name, in whatever case, keep their order.
            pieces.sort_by_cached_key(|piece| piece.name.to_ascii_lowercase());
        }
        Some(pieces.iter().map(|piece| piece.text).collect::<Vec<_>>().join("&"))
    }

    /// Whether every query makes the key as it stands.
    pub(crate) fn keep_all(&self) -> bool {
        matches!(self.counting, Counting::All) && !self.sorted
    }
}

impl Counting {
    fn counts(&self, piece: &Piece<'_>) -> bool {
        match self {
            Counting::All => true,
            Counting::AllBut(names) => !(piece.is_plain() && names.have(piece.name)),
            Counting::Only(names) => !piece.is_plain() || names.have_in_any_case(piece.name),
        }
    }
}

impl Names {
    fn have(&self, name: &str) -> bool {
        self.0.iter().any(|known| match known.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => **known == *name,
        })
    }

    fn have_in_any_case(&self, name: &str) -> bool {
        self.0.iter().any(|known| match known.strip_suffix('*') {
            Some(beginning) => name.get(..beginning.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(beginning)),
            None => known.eq_ignore_ascii_case(name),
        })
    }
}

/// What stands between two `&`.
struct Piece<'a> {
    text: &'a str,
    name: &'a str,
}

impl<'a> Piece<'a> {
    fn of(text: &'a str) -> Self {
        Piece { text, name: text.split_once('=').map_or(text, |(name, _)| name) }
    }

    /// Whether every server sees one parameter here, of this name.
    fn is_plain(&self) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !self.name.is_empty() && self.name.bytes().all(plain) && !self.text.contains([';', '?'])
    }
}
