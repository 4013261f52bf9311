//! A file that is shared, in a folder of its own for each test.

use super::*;
use crate::client::tests::Folder;

#[test]
fn our_user_is_told_how_far_others_have_read() {
    let folder = Folder::new();
    let big = SharedFile::open(&folder.write("cat.png", &vec![0; 8 * CHUNK])).unwrap();
    for _ in 0..2 {
        let told = (0..=8).filter_map(|part| big.progress(part * CHUNK as u64));
        assert_eq!(told.collect::<Vec<_>>(), [25, 50, 75, 100]);
    }
    // A stranger's numbers do no harm.
    assert_eq!(big.progress(1 << 53), None);
    let small = SharedFile::open(&folder.write("small", b"x")).unwrap();
    // What was only asked for is not sent; who asks for more has saved it.
    assert_eq!((small.progress(0), small.progress(1)), (None, Some(100)));
    let empty = SharedFile::open(&folder.write("empty", b"")).unwrap();
    assert_eq!(empty.progress(0), Some(100));
}

#[test]
fn a_file_is_read_in_parts_up_to_its_promised_end() {
    let folder = Folder::new();
    let bytes: Vec<u8> = (0..CHUNK + 3).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let path = folder.write("cat.png", &bytes);
    let file = SharedFile::open(&path).unwrap();
    assert_eq!((file.name.to_string(), file.size), ("cat.png".into(), bytes.len() as u64));
    fs::write(&path, [&bytes[..], b"and more"].concat()).unwrap();
    let read = |offset| BASE64_NOPAD.decode(file.read(offset).unwrap().as_bytes()).unwrap();
    assert_eq!(read(0), bytes[..CHUNK]);
    assert_eq!(read(CHUNK as u64), bytes[CHUNK..]);
    assert_eq!(read(file.size), b"");
    assert_eq!(read(1 << 53), b"");
}

#[test]
fn only_a_plain_file_of_a_good_name_and_size_is_shared() {
    let folder = Folder::new();
    let opens = |path: &Path| SharedFile::open(path).map(|_| ()).unwrap_err();
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
}
