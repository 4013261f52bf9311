//! Downloads, in a folder of its own for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// A folder that is gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("realtime-chat-downloads-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path); // Left there by a test that was killed.
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn holds(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn name(text: &str) -> FileName {
    FileName::read(text).unwrap()
}

#[test]
fn a_file_is_read_in_parts_up_to_its_promised_end() {
    let folder = Folder::new();
    let bytes: Vec<u8> = (0..CHUNK + 3).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let path = folder.write("cat.png", &bytes);
    let mut downloads = Downloads::new(folder.0.clone());
    let (id, shared_as, size) = downloads.open(&path).unwrap();
    assert_eq!((shared_as.as_str(), size), ("cat.png", bytes.len() as u64));
    fs::write(&path, [&bytes[..], b"and more"].concat()).unwrap();
    let mut read =
        |offset| BASE64_NOPAD.decode(downloads.read(id, offset).unwrap().as_bytes()).unwrap();
    assert_eq!(read(0), bytes[..CHUNK]);
    assert_eq!(read(CHUNK as u64), bytes[CHUNK..]);
    assert_eq!(read(size), b"");
    assert_eq!(read(1 << 53), b"");
    downloads.close(id);
    assert_eq!(downloads.read(id, 0).unwrap_err().code, Some(Code::CapRevoked));
}

#[test]
fn only_a_plain_file_of_a_good_name_and_size_is_shared() {
    let folder = Folder::new();
    let mut downloads = Downloads::new(folder.0.clone());
    let mut opens = |path: &Path| downloads.open(path).map(|_| ()).unwrap_err();
    assert_eq!(opens(&folder.0.join("nothing")), Trouble::Missing);
    assert_eq!(opens(&folder.0), Trouble::NoFile);
    let hidden = folder.write(".profile", b"secret");
    assert!(matches!(opens(&hidden), Trouble::Other(_)));
    let big = folder.write("big", b"");
    File::options().write(true).open(&big).unwrap().set_len(MAX_FILE + 1).unwrap();
    assert_eq!(opens(&big), Trouble::TooBig(Size(MAX_FILE + 1)));
    if cfg!(unix) {
        assert_eq!(opens(Path::new("/dev/zero")), Trouble::NoFile);
    }
    let small = folder.write("small", b"x");
    for _ in 0..MAX_SHARED {
        downloads.open(&small).unwrap();
    }
    assert_eq!(downloads.open(&small).unwrap_err(), Trouble::TooMany(MAX_SHARED));
}

#[test]
fn what_is_saved_never_takes_the_place_of_anything() {
    let folder = Folder::new();
    folder.write("cat.png", b"mine");
    let mut downloads = Downloads::new(folder.0.clone());
    for number in 1..=2 {
        let save = OfferId(number);
        downloads.append(save, &name("cat.png"), b"the").unwrap();
        downloads.append(save, &name("cat.png"), b"irs").unwrap();
        let path = downloads.finish(save, &name("cat.png")).unwrap();
        assert!(path.ends_with(&format!("cat ({number}).png")), "{path}");
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
    }
    assert_eq!(fs::read(folder.0.join("cat.png")).unwrap(), b"mine");
    downloads.finish(OfferId(3), &name("empty")).unwrap();
    assert_eq!(folder.holds(), ["cat (1).png", "cat (2).png", "cat.png", "empty"]);
}

#[test]
#[cfg(unix)]
fn not_even_the_place_that_a_link_points_to() {
    let folder = Folder::new();
    std::os::unix::fs::symlink(folder.0.join("elsewhere"), folder.0.join("cat.png")).unwrap();
    let mut downloads = Downloads::new(folder.0.clone());
    downloads.append(OfferId(1), &name("cat.png"), b"theirs").unwrap();
    downloads.finish(OfferId(1), &name("cat.png")).unwrap();
    assert_eq!(folder.holds(), ["cat (1).png", "cat.png"]);
}

#[test]
fn what_is_not_finished_does_not_stay() {
    let folder = Folder::new();
    let mut downloads = Downloads::new(folder.0.clone());
    for save in [OfferId(1), OfferId(2)] {
        downloads.append(save, &name("cat.png"), b"half").unwrap();
    }
    downloads.discard(OfferId(1));
    downloads.discard(OfferId(9));
    assert_eq!(folder.holds(), ["cat (1).png"]);
    drop(downloads);
    assert_eq!(folder.holds(), [""; 0]);
}

#[test]
fn a_folder_that_is_missing_is_told() {
    let folder = Folder::new();
    let missing = folder.0.join("missing");
    let mut downloads = Downloads::new(missing.clone());
    let why = downloads.append(OfferId(1), &name("cat.png"), b"x").unwrap_err();
    assert_eq!(why, Trouble::NoFolder(missing.to_string_lossy().into_owned()));
}

#[test]
fn a_number_in_a_name_makes_it_no_longer_than_names_may_be() {
    assert_eq!(numbered("cat.png", 0), "cat.png");
    assert_eq!(numbered("cat.png", 12), "cat (12).png");
    assert_eq!(numbered("a.tar.gz", 1), "a.tar (1).gz");
    assert_eq!(numbered("README", 1), "README (1)");
    for long in
        ["é".repeat(127), format!("{}.png", "x".repeat(251)), format!("x.{}", "é".repeat(126))]
    {
        let numbered = numbered(&long, 999);
        assert!(numbered.len() <= MAX_FILE_NAME, "{numbered}");
        assert!(FileName::read(&numbered).is_ok() && numbered.contains(" (999)"), "{numbered}");
    }
}
