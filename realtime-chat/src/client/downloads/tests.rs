//! Downloads, in a folder of its own for each test.

use super::*;
use crate::client::tests::Folder;
use crate::interface::CHUNK;

const CAT: OfferId = OfferId(1);

/// Files are saved in `folder`; there is an offer of a cat of so many bytes.
fn offered(folder: &Folder, size: u64) -> Downloads {
    let mut downloads = Downloads::new(folder.0.clone());
    downloads.offer(CAT, "cat.png".into(), size);
    downloads
}

/// Takes a part; the event, in words.
fn takes(downloads: &mut Downloads, id: OfferId, bytes: &[u8]) -> (Option<u64>, String) {
    let (next, event) = downloads.take_part(id, &BASE64_NOPAD.encode(bytes));
    (next, event.map(|event| event.lines(false)).unwrap_or_default())
}

#[test]
fn a_file_is_read_part_by_part_and_its_progress_told() {
    let folder = Folder::new();
    let size = 9 * CHUNK as u64 + 5;
    let mut downloads = offered(&folder, size);
    downloads.save(CAT).unwrap();
    let again = downloads.save(CAT).unwrap_err().lines(false);
    assert_eq!(again, "❌ Cannot save cat.png: that is being done already");
    let (mut got, mut shown) = (0, String::new());
    while got < size {
        let part = vec![b'x'; CHUNK.min(usize::try_from(size - got).unwrap())];
        got += part.len() as u64;
        let (next, event) = takes(&mut downloads, CAT, &part);
        assert_eq!(next, Some(got));
        shown += &event;
    }
    assert_eq!(shown, "📥 cat.png: 25 %📥 cat.png: 50 %📥 cat.png: 75 %");
    let path = folder.0.join("cat.png");
    let saved = format!("✅ Saved cat.png (294.9 kB) as {}", path.display());
    assert_eq!(takes(&mut downloads, CAT, b""), (None, saved));
    assert_eq!(fs::metadata(path).unwrap().len(), size);
    assert_eq!(takes(&mut downloads, CAT, b"late"), (None, String::new()));
}

#[test]
fn a_file_that_is_not_what_was_promised_leaves_nothing() {
    for (parts, why) in [
        (&["12345"][..], "it is longer than the 4 B promised"),
        (&["123", "45"], "it is longer than the 4 B promised"),
        (&["1234", "5"], "it is longer than the 4 B promised"),
        (&[""], "it ended after 0 B, and 4 B were promised"),
        (&["123", ""], "it ended after 3 B, and 4 B were promised"),
    ] {
        let folder = Folder::new();
        let mut downloads = offered(&folder, 4);
        downloads.save(CAT).unwrap();
        let steps = parts.iter().map(|part| takes(&mut downloads, CAT, part.as_bytes()));
        let last = steps.last().unwrap();
        assert_eq!(last, (None, format!("❌ Cannot save cat.png: {why}")), "{parts:?}");
        assert_eq!(folder.holds(), [""; 0]);
    }
}

#[test]
fn bytes_may_be_padded_and_must_be_bytes() {
    for base64 in ["aGk", "aGk="] {
        let folder = Folder::new();
        let mut downloads = offered(&folder, 2);
        downloads.save(CAT).unwrap();
        assert_eq!(downloads.take_part(CAT, base64), (Some(2), None));
        let (next, event) = downloads.take_part(CAT, "?");
        assert_eq!((next, folder.holds().len()), (None, 0));
        let no_bytes = "❌ Cannot save cat.png: its bytes make no sense";
        assert_eq!(event.unwrap().lines(false), no_bytes);
    }
}

#[test]
fn what_cannot_be_saved_safely_is_not_even_begun() {
    let folder = Folder::new();
    let mut downloads = Downloads::new(folder.0.clone());
    let mut refuses = |offer: u64, offered: &[(u64, &str, u64)]| {
        for (id, name, size) in offered {
            downloads.offer(OfferId(*id), (*name).to_owned(), *size);
        }
        downloads.save(OfferId(offer)).map_err(|event| event.lines(false)).unwrap_err()
    };
    let none =
        "❌ There is no file 1 to be saved: take the number of one that was shared lately";
    assert_eq!(refuses(1, &[]), none);
    let evil = "❌ Cannot save ../.profile: the name of a file cannot contain '/'";
    assert_eq!(refuses(1, &[(1, "../.profile", 4)]), evil);
    let big = "❌ Cannot save big: it has 16.8 MB, and a file has at most 16 MiB";
    assert_eq!(refuses(2, &[(2, "big", MAX_FILE + 1)]), big);
    assert_eq!(folder.holds(), [""; 0]);
    for id in 3..=7 {
        downloads.offer(OfferId(id), "x".into(), 4);
    }
    for id in 3..7 {
        downloads.save(OfferId(id)).unwrap();
    }
    let busy = downloads.save(OfferId(7)).unwrap_err().lines(false);
    let many = "❌ Cannot save x: 4 files are being saved already. Wait for one of them";
    assert_eq!(busy, many);
    for id in 8..=7 + MAX_OFFERS as u64 {
        downloads.offer(OfferId(id), "x".into(), 4);
    }
    assert_eq!(downloads.save(OfferId(7)), Err(Event::NoOffer(7)), "it is too long ago");
}

#[test]
fn what_is_saved_never_takes_the_place_of_anything() {
    let folder = Folder::new();
    folder.write("cat.png", b"mine");
    for number in 1..=2 {
        let mut downloads = offered(&folder, 6);
        downloads.save(CAT).unwrap();
        takes(&mut downloads, CAT, b"the");
        takes(&mut downloads, CAT, b"irs");
        let (_, saved) = takes(&mut downloads, CAT, b"");
        assert!(saved.ends_with(&format!("cat ({number}).png")), "{saved}");
        let path = folder.0.join(format!("cat ({number}).png"));
        assert_eq!(fs::read(path).unwrap(), b"theirs");
    }
    assert_eq!(fs::read(folder.0.join("cat.png")).unwrap(), b"mine");
    let mut downloads = Downloads::new(folder.0.clone());
    downloads.offer(CAT, "empty".into(), 0);
    downloads.save(CAT).unwrap();
    takes(&mut downloads, CAT, b"");
    assert_eq!(folder.holds(), ["cat (1).png", "cat (2).png", "cat.png", "empty"]);
}

#[test]
fn what_is_saved_gets_no_name_that_only_looks_different() {
    let folder = Folder::new();
    folder.write("café menu.txt", b"mine");
    let mut downloads = Downloads::new(folder.0.clone());
    let names = ["cafe\u{301} menu.txt", "CAFÉ menu.txt", "café\u{202F}menu.txt"];
    for (id, name) in (1..).map(OfferId).zip(names) {
        downloads.offer(id, name.into(), 0);
        downloads.save(id).unwrap();
        let (_, saved) = takes(&mut downloads, id, b"");
        let number = format!(" ({}).txt", id.0);
        assert!(saved.ends_with(&number), "{saved}");
    }
    assert_eq!(folder.holds().len(), 4);
}

#[test]
#[cfg(unix)]
fn not_even_the_place_that_a_link_points_to() {
    let folder = Folder::new();
    std::os::unix::fs::symlink(folder.0.join("elsewhere"), folder.0.join("cat.png")).unwrap();
    let mut downloads = offered(&folder, 0);
    downloads.save(CAT).unwrap();
    takes(&mut downloads, CAT, b"");
    assert_eq!(folder.holds(), ["cat (1).png", "cat.png"]);
}

#[test]
fn what_is_not_finished_does_not_stay() {
    let folder = Folder::new();
    let mut downloads = offered(&folder, 8);
    downloads.offer(OfferId(2), "cat.png".into(), 8);
    for id in [CAT, OfferId(2)] {
        downloads.save(id).unwrap();
        takes(&mut downloads, id, b"half");
    }
    let late = downloads.fail(CAT, Trouble::NoAnswer(15)).unwrap().lines(false);
    assert_eq!(late, "❌ Cannot save cat.png: nothing came for 15 s. Try again");
    assert_eq!(downloads.fail(OfferId(9), Trouble::Interrupted), None);
    assert_eq!(folder.holds(), ["cat (1).png"]);
    let left = Event::CannotSave("cat.png".into(), Trouble::Interrupted);
    assert_eq!(downloads.give_up(), [left]);
    assert_eq!(folder.holds(), [""; 0]);
    downloads.offer(CAT, "cat.png".into(), 8);
    downloads.save(CAT).unwrap();
    drop(downloads);
    assert_eq!(folder.holds(), [""; 0]);
}

#[test]
fn a_folder_that_is_missing_is_told() {
    let folder = Folder::new();
    let missing = folder.0.join("missing");
    let mut downloads = Downloads::new(missing.clone());
    downloads.offer(CAT, "cat.png".into(), 4);
    let why = Trouble::NoFolder(missing.to_string_lossy().into_owned());
    assert_eq!(downloads.save(CAT), Err(Event::CannotSave("cat.png".into(), why)));
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
