//! What is read from DATs as they are published, and what is refused.

use std::io::{Cursor, Write};

use dat_file::{Dat, Error, TooMany, limits, parse, read};
use zip::write::{SimpleFileOptions, ZipWriter};

const REDUMP: &str = r#"<?xml version="1.0"?>
<!DOCTYPE datafile PUBLIC "-//Logiqx//DTD ROM Management Datafile//EN" "http://www.logiqx.com/Dats/datafile.dtd">
<datafile>
	<header>
		<name>Sony - PlayStation 2</name>
		<description>Sony - PlayStation 2 - Discs (2)</description>
		<version>2026-11-01 10-00-00</version>
		<author>redump.org</author>
	</header>
	<game name="Tom &amp; Jerry &#x2013; &quot;It&apos;s&quot; (Europe)">
		<category>Games</category>
		<description>Tom &amp; Jerry</description>
		<serial>SLES-12345, SLES-12346</serial>
		<rom name="Tom &amp; Jerry (Europe).iso" size="1048576" crc="0123abCD" md5="0123456789abcdef0123456789abcdef" sha1="00112233445566778899AABBCCDDEEFF00112233"/>
	</game>
	<game name="Music (Japan)">
		<rom name="Music (Japan).cue" size="200" crc="00000001" md5="" sha1=""></rom>
		<rom name="Music (Japan) (Track 1).bin" size="2352" sha1="00112233445566778899aabbccddeeff00112234"/>
		<rom name="Music (Japan) (Track 2).bin" size="4704" md5="0123456789abcdef0123456789abcde0"/>
	</game>
</datafile>
"#;

fn dat(text: &str) -> Result<Dat, Error> {
    parse(text.as_bytes())
}

fn with(body: &str) -> Result<Dat, Error> {
    dat(&format!("<datafile>{body}</datafile>"))
}

#[test]
fn redumps_form_is_read() {
    let dat = dat(REDUMP).unwrap();
    assert_eq!((dat.name.as_str(), dat.version.as_str()), ("Sony - PlayStation 2", "2026-11-01 10-00-00"));
    assert_eq!((dat.games.len(), dat.left_out), (2, 0));
    let game = &dat.games[0];
    assert_eq!(game.name, "Tom & Jerry – \"It's\" (Europe)");
    assert_eq!(game.serials, ["SLES-12345", "SLES-12346"]);
    let rom = &game.roms[0];
    assert_eq!(
        (rom.name.as_str(), rom.size, rom.crc32),
        ("Tom & Jerry (Europe).iso", 1_048_576, Some(0x0123_ABCD))
    );
    assert_eq!(rom.sha1.unwrap()[..3], [0, 0x11, 0x22]);
    assert_eq!(rom.md5.unwrap()[15], 0xEF);
    let tracks = &dat.games[1].roms;
    assert_eq!(tracks.len(), 3);
    assert!(tracks[0].is_sheet() && !tracks[1].is_sheet());
    assert_eq!((tracks[0].md5, tracks[0].sha1), (None, None));
    assert_eq!(tracks[1].stem(), "Music (Japan) (Track 1)");
}

#[test]
fn other_spellings_are_read() {
    // No-Intro has the serial on the file, MAME calls games machines, and some begin with a byte order mark.
    let text = "\u{FEFF}<datafile><machine name='A'><rom name='a.iso' size='5' crc='1234abcd' serial='ULUS-10041'/>\
                </machine><game name='B' id='7'/></datafile>";
    let dat = dat(text).unwrap();
    assert_eq!(dat.games[0].serials, ["ULUS-10041"]);
    assert_eq!((dat.games[1].name.as_str(), dat.games[1].roms.len()), ("B", 0));
    assert_eq!(dat, parse(text.trim_start_matches('\u{FEFF}').as_bytes()).unwrap());
    assert_eq!(with("").unwrap(), Dat::default());
    assert_eq!(self::dat("<datafile/>").unwrap(), Dat::default());
}

#[test]
fn files_without_anything_to_compare_are_left_out() {
    let dat = with(
        "<game name='A'><rom name='a.iso' size='5'/><rom name='b.iso' crc='1234abcd'/>\
         <rom name='c.iso' size='5' crc='1234abcd' status='nodump'/><rom name='d' size='' sha1='-'/>\
         <rom name='e' size='0' crc='00000000'/></game>",
    )
    .unwrap();
    assert_eq!((dat.left_out, dat.games[0].roms.len()), (4, 1));
    assert_eq!(dat.games[0].roms[0].name, "e");
}

#[test]
fn other_files_are_not_dats() {
    for text in [
        "",
        " \n",
        "clrmamepro (\n\tname \"Sony\"\n)",
        "<html><body>404</body></html>",
        "<?xml version='1.0'?><softwarelist/>",
        "\0\0\0",
        "PK",
        "\u{FEFF}",
    ] {
        assert!(matches!(dat(text), Err(Error::NotADat)), "{text:?}: {:?}", dat(text));
    }
    assert!(matches!(parse(&b"\xFF\xFE<\0d\0"[..]), Err(Error::NotADat)));
}

#[test]
fn broken_xml_is_refused_with_its_position() {
    for (body, what) in [
        ("<game name='A'></rom>", "wrong end"),
        ("<game name='A><rom/></game>", "quotes"),
        ("<game name=A></game>", "no quotes"),
        ("<game name='&unknown;'/>", "entity in an attribute"),
        ("<game name='A'><serial>&unknown;</serial></game>", "entity in text"),
        ("<game name='&#x110000;'/>", "no such letter"),
        ("<game name='A'><serial>&#xD800;</serial></game>", "half a letter"),
        ("<game name='a & b'/>", "ampersand"),
    ] {
        let error = with(body).unwrap_err();
        assert!(matches!(error, Error::Xml { .. } | Error::CutOff(_)), "{what}: {error:?}");
        assert_eq!(error.to_string().lines().count(), 1, "{what}");
    }
    assert!(matches!(
        with("<game name='A'><rom name='a' size='x' crc='0'/></game>"),
        Err(Error::Value { field: "a size", .. })
    ));
    for (field, value) in
        [("crc", "123"), ("md5", "xyz"), ("sha1", &"0".repeat(41)), ("crc", "zzzzzzzz"), ("size", "-1")]
    {
        let body = format!("<game name='A'><rom name='a' size='1' {field}='{value}'/></game>");
        assert!(matches!(with(&body), Err(Error::Value { .. })), "{field} {value}");
    }
    let mut bytes = REDUMP.as_bytes().to_vec();
    let at = REDUMP.find("Games").unwrap();
    bytes[at] = 0xFF;
    assert!(matches!(parse(&bytes[..]), Err(Error::Encoding(_))), "{:?}", parse(&bytes[..]));
}

#[test]
fn a_file_that_ends_early_is_refused_wherever_it_ends() {
    let text = REDUMP.trim_end();
    let begin = text.find("<datafile>").unwrap() + "<datafile>".len();
    for end in begin..text.len() {
        if text.is_char_boundary(end) {
            let error = dat(&text[..end]).unwrap_err();
            assert!(matches!(error, Error::CutOff(_) | Error::Xml { .. }), "{end}: {error:?}");
        }
    }
}

#[test]
fn documents_that_declare_entities_are_refused() {
    let bomb = "<!DOCTYPE datafile [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>\
                <datafile><game name='&b;'/></datafile>";
    assert!(matches!(dat(bomb), Err(Error::Entities)));
    let outside = "<!DOCTYPE datafile [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><datafile/>";
    assert!(matches!(dat(outside), Err(Error::Entities)));
    assert!(dat("<!DOCTYPE datafile SYSTEM \"file:///etc/passwd\"><datafile/>").is_ok());
}

#[test]
fn gigantic_things_are_refused() {
    let is = |outcome: Result<Dat, Error>, expected: TooMany| match outcome {
        Err(Error::TooMany(what)) => assert_eq!(what, expected),
        other => panic!("{expected:?}: {:?}", other.map(|dat| dat.games.len())),
    };
    let long = |len: u64| "x".repeat(usize::try_from(len).unwrap());
    is(with(&format!("<game name='{}'/>", long(limits::NAME as u64 + 1))), TooMany::Name);
    is(
        with(&format!("<game name='A'><serial>{}</serial></game>", long(limits::NAME as u64 + 1))),
        TooMany::Name,
    );
    is(with(&format!("<game name='{}'/>", long(4 * limits::TAG))), TooMany::Tag);
    is(with(&format!("<!--{}--><game name='A'/>", long(4 * limits::TAG))), TooMany::Tag);
    is(with(&format!("<game {} />", "a='' ".repeat(limits::ATTRIBUTES + 1))), TooMany::Attributes);
    is(with(&"<a>".repeat(limits::DEPTH + 1)), TooMany::Depth);
    is(with(&"<game/>".repeat(limits::GAMES + 1)), TooMany::Games);
    let rom = "<rom/>";
    is(with(&format!("<game>{}</game>", rom.repeat(limits::ROMS + 1))), TooMany::Roms);
    // A tag without an end does not fill the memory.
    let endless = std::io::Read::chain(&b"<datafile><game name='"[..], std::io::repeat(b'x'));
    is(parse(endless), TooMany::Tag);
    let comment = format!("<!--{}-->", long(limits::TAG - 100)).into_bytes();
    let endless = Endless { text: comment, left: Vec::new() };
    is(parse(std::io::Read::chain(&b"<datafile>"[..], endless)), TooMany::Bytes);
}

/// The same text for ever.
struct Endless {
    text: Vec<u8>,
    left: Vec<u8>,
}

impl std::io::Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        if self.left.is_empty() {
            self.left.clone_from(&self.text);
        }
        let count = buf.len().min(self.left.len());
        buf[..count].copy_from_slice(&self.left[..count]);
        self.left.drain(..count);
        Ok(count)
    }
}

fn zipped(members: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        zip.start_file(*name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn dats_in_a_zip_are_read() {
    let bytes =
        zipped(&[("Sony - PlayStation 2.dat", REDUMP), ("readme.txt", "hello"), ("notice.xml", "<html/>")]);
    let dats = read(Cursor::new(&bytes)).unwrap();
    assert_eq!(dats, [dat(REDUMP).unwrap()]);
    assert_eq!(read(Cursor::new(REDUMP)).unwrap(), dats);
    assert!(matches!(read(Cursor::new(zipped(&[("a.txt", "")]))), Err(Error::NoDat)));
    let broken = zipped(&[("good.dat", REDUMP), ("bad.dat", &REDUMP[..900])]);
    let error = read(Cursor::new(broken)).unwrap_err();
    assert!(error.to_string().starts_with("bad.dat: "), "{error}");
}

#[test]
fn only_members_with_a_name_of_a_dat_are_read() {
    for name in ["notes.txt", "dat", "a.dat.bak"] {
        assert!(matches!(read(Cursor::new(zipped(&[(name, REDUMP)]))), Err(Error::NoDat)), "{name}");
    }
    assert_eq!(read(Cursor::new(zipped(&[("a.XML", REDUMP), ("b.Dat", REDUMP)]))).unwrap().len(), 2);
}

#[test]
fn zips_have_as_many_members_as_the_limit_says_and_no_more() {
    let with = |count: usize| {
        let names: Vec<String> = (1..count).map(|number| format!("{number}.txt")).collect();
        let mut members: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        members.push(("a.dat", REDUMP));
        read(Cursor::new(zipped(&members)))
    };
    assert_eq!(with(limits::MEMBERS).unwrap().len(), 1);
    assert!(matches!(with(limits::MEMBERS + 1), Err(Error::TooMany(TooMany::Members))));
}

#[test]
fn damaged_zips_are_refused() {
    let bytes = zipped(&[("a.dat", REDUMP)]);
    for end in (4..bytes.len()).step_by(7) {
        assert!(read(Cursor::new(&bytes[..end])).is_err(), "cut at {end}");
    }
    // Its CRC-32 covers every byte.
    let mut changed = 0;
    for at in (60..400).step_by(20) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x10;
        changed += usize::from(read(Cursor::new(&bytes)).is_err());
    }
    assert_eq!(changed, 17);
}

#[test]
fn a_zip_that_unpacks_to_too_much_is_refused() {
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let options = options.compression_level(Some(1));
    let comment = format!("<!--{}-->", " ".repeat(60 << 10));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // Each file is below the limit, but not all of them together.
    for name in ["a.dat", "b.dat", "c.dat"] {
        zip.start_file(name, options).unwrap();
        zip.write_all(b"<datafile>").unwrap();
        for _ in 0..limits::BYTES / 2 / comment.len() as u64 {
            zip.write_all(comment.as_bytes()).unwrap();
        }
        zip.write_all(b"</datafile>").unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    assert!(bytes.len() < 2 << 20);
    assert!(matches!(read(Cursor::new(bytes)), Err(Error::TooMany(TooMany::Bytes))));
}

proptest::proptest! {
    #[test]
    fn any_text_ends_in_a_dat_or_an_error(text in "(<datafile>)?(<(/)?(game|rom|header|name|serial) ?(name|size|crc)?='?[a-z0-9&;]{0,5}'? ?/?>|[a-z&;]){0,40}") {
        let _ = parse(text.as_bytes());
    }
}
