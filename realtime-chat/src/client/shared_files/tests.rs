//! Files that are shared, in a folder of its own for each test.

use super::*;
use crate::client::tests::Folder;

#[test]
fn our_user_is_told_how_far_others_have_read() {
    let folder = Folder::new();
    let mut files = SharedFiles::default();
    let big = folder.write("cat.png", &vec![0; 8 * CHUNK]);
    let (id, ..) = files.open(&big).unwrap();
    for _ in 0..2 {
        let told = (0..=8).filter_map(|part| files.progress(id, part * CHUNK as u64));
        let steps = [25, 50, 75, 100].map(|percent| Event::Sent("cat.png".into(), percent));
        assert_eq!(told.collect::<Vec<_>>(), steps);
    }
    // A stranger's numbers do no harm.
    assert_eq!(files.progress(id, 1 << 53), None);
    assert_eq!(files.progress(FileId(9), 0), None);
    let (id, ..) = files.open(&folder.write("small", b"x")).unwrap();
    // What was only asked for is not sent; who asks for more has saved it.
    assert_eq!(files.progress(id, 0), None);
    assert_eq!(files.progress(id, 1), Some(Event::Sent("small".into(), 100)));
    let (id, ..) = files.open(&folder.write("empty", b"")).unwrap();
    assert_eq!(files.progress(id, 0), Some(Event::Sent("empty".into(), 100)));
}

#[test]
fn a_file_is_read_in_parts_up_to_its_promised_end() {
    let folder = Folder::new();
    let bytes: Vec<u8> = (0..CHUNK + 3).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let path = folder.write("cat.png", &bytes);
    let mut files = SharedFiles::default();
    let (id, shared_as, size) = files.open(&path).unwrap();
    assert_eq!((shared_as.as_str(), size), ("cat.png", bytes.len() as u64));
    fs::write(&path, [&bytes[..], b"and more"].concat()).unwrap();
    let mut read =
        |offset| BASE64_NOPAD.decode(files.read(id, offset).unwrap().as_bytes()).unwrap();
    assert_eq!(read(0), bytes[..CHUNK]);
    assert_eq!(read(CHUNK as u64), bytes[CHUNK..]);
    assert_eq!(read(size), b"");
    assert_eq!(read(1 << 53), b"");
    files.close(id);
    assert_eq!(files.read(id, 0).unwrap_err().code, Some(Code::CapRevoked));
}

#[test]
fn only_a_plain_file_of_a_good_name_and_size_is_shared() {
    let folder = Folder::new();
    let mut files = SharedFiles::default();
    let mut opens = |path: &Path| files.open(path).map(|_| ()).unwrap_err();
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
        files.open(&small).unwrap();
    }
    assert_eq!(files.open(&small).unwrap_err(), Trouble::TooMany(MAX_SHARED));
}
