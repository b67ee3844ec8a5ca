//! A folder of documents: some of the system's own documentation, and what that may not have.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::origin::content;

const SYSTEM: &str = "/usr/share/doc";
/// Most files of the system, of one kind of them, and most bytes of a file.
const FILES_MOST: usize = 150;
const KIND_MOST: usize = 12;
const FILE_BYTES_MOST: u64 = 1 << 20;
/// More than are looked at of any system.
const LOOKS_MOST: usize = 20_000;
/// All that is made is so old that a guessed lifetime of it does not end within a test.
const OLD: Duration = Duration::from_secs(100 * 24 * 60 * 60);

/// Names that mean something in a URI, or to who reads one carelessly.
const ODD_NAMES: [&[u8]; 14] = [
    b"a b.txt",
    b"a%20b.txt",
    b"100%.txt",
    b"a+b.txt",
    b"a;b=c.txt",
    b"a&b=c.txt",
    b"a,b.txt",
    b"what?.txt",
    b"#1.txt",
    b"it's \"so\".txt",
    b"back\\slash.txt",
    b"..txt",
    "Übergrößenträger und 日本.txt".as_bytes(),
    b"not utf-8 \xff.txt",
];

/// Fills a folder.
pub fn lay(folder: &Path) {
    let (mut kinds, mut looks) = (BTreeMap::new(), 0);
    sort(Path::new(SYSTEM), &mut kinds, &mut looks);
    let taken = kinds.values().flat_map(|files: &Vec<PathBuf>| files.iter().take(KIND_MOST)).take(FILES_MOST);
    for from in taken {
        let to = folder.join("system").join(from.strip_prefix(SYSTEM).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, &to).unwrap();
        date(&to, from.metadata().unwrap().modified().unwrap());
    }
    // Of every kind that the system may lack; the last is more than is kept of one body.
    let text = |bytes: usize| "What is said here, and said again.\n".repeat(bytes / 35);
    for (name, bytes) in [
        ("missing.html", b"<h1>There is none</h1>".to_vec()),
        ("made/empty.txt", Vec::new()),
        ("made/short.txt", text(100).into()),
        ("made/page.html", text(100 << 10).into()),
        ("made/style.css", text(5000).into()),
        ("made/packed.gz", content(100 << 10).to_vec()),
        ("made/picture.png", content(70 << 10).to_vec()),
        ("made/large.txt", text(3 << 20).into()),
        ("made/huge.bin", content(9 << 20).to_vec()),
    ] {
        write(&folder.join(name), &bytes);
    }
    for name in ODD_NAMES {
        write(&folder.join("odd").join(OsStr::from_bytes(name)), &[b"This is ", name].concat());
    }
}

/// The paths of all files in a folder that is laid, as they stand in a URI.
pub fn files(folder: &Path) -> Vec<String> {
    let (mut kinds, mut looks) = (BTreeMap::new(), 0);
    sort(folder, &mut kinds, &mut looks);
    let mut paths: Vec<_> = kinds.values().flatten().map(|file| uri(file.strip_prefix(folder).unwrap())).collect();
    paths.sort();
    paths
}

/// The paths of the folders in which they are, each with its slash.
pub fn folders(files: &[String]) -> Vec<String> {
    let mut folders: Vec<_> = files.iter().map(|file| file[..=file.rfind('/').unwrap()].to_owned()).collect();
    folders.sort();
    folders.dedup();
    folders
}

/// A path as it stands in a URI, with all encoded that may have to be.
fn uri(path: &Path) -> String {
    let encoded = |byte: &u8| match byte {
        b'/' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    path.as_os_str().as_bytes().iter().map(encoded).fold("/".to_owned(), |uri, next| uri + &next)
}

/// Writes a file, in one step for whoever reads it.
pub fn write(file: &Path, bytes: &[u8]) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let new = file.with_file_name(".new");
    fs::write(&new, bytes).unwrap();
    date(&new, SystemTime::now() - OLD);
    fs::rename(new, file).unwrap();
}

/// Says when a file was written.
pub fn date(file: &Path, at: SystemTime) {
    File::options().append(true).open(file).unwrap().set_modified(at).unwrap();
}

/// All files below a folder, sorted by the ends of their names.
fn sort(folder: &Path, kinds: &mut BTreeMap<Vec<u8>, Vec<PathBuf>>, looks: &mut usize) {
    let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        *looks += 1;
        let (path, about) = (entry.path(), entry.metadata().unwrap());
        if about.is_dir() && *looks < LOOKS_MOST {
            sort(&path, kinds, looks);
        } else if about.is_file() && (about.len() <= FILE_BYTES_MOST || !folder.starts_with(SYSTEM)) {
            let kind = path.extension().unwrap_or_default().as_bytes().to_vec();
            kinds.entry(kind).or_default().push(path);
        }
    }
}
