//! Parses Logiqx XML.

use std::io::{self, BufRead, BufReader, Read};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::error::{Error, TooMany};
use crate::limits;
use crate::model::{Dat, Game, Rom};

/// Parses a DAT.
///
/// # Errors
///
/// When it cannot be read, is not Logiqx XML, is broken, or exceeds a limit.
pub fn parse(source: impl Read) -> Result<Dat, Error> {
    let mut reader = Reader::from_reader(Guard::new(BufReader::new(source)));
    let mut buffer = Vec::new();
    let mut parser = Parser::default();
    loop {
        reader.get_mut().begin_tag();
        buffer.clear();
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(error) => {
                let (position, is_at_end) = (reader.error_position(), reader.get_ref().is_at_end);
                return Err(parser.explain(&error, position, is_at_end));
            }
        };
        if !parser.take(&event, reader.error_position().max(reader.buffer_position()))? {
            return parser.finish(reader.buffer_position());
        }
    }
}

/// Limits how many bytes one tag and the whole document may have.
struct Guard<R> {
    source: R,
    all: u64,
    tag: u64,
    is_at_end: bool,
}

impl<R> Guard<R> {
    const fn new(source: R) -> Self {
        Self { source, all: 0, tag: 0, is_at_end: false }
    }

    const fn begin_tag(&mut self) {
        self.tag = 0;
    }
}

impl<R: BufRead> Read for Guard<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buf)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Guard<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.all > limits::BYTES {
            return Err(io::Error::other(TooMany::Bytes));
        }
        if self.tag > limits::TAG {
            return Err(io::Error::other(TooMany::Tag));
        }
        let bytes = self.source.fill_buf()?;
        self.is_at_end = bytes.is_empty();
        Ok(bytes)
    }

    fn consume(&mut self, count: usize) {
        self.all += count as u64;
        self.tag += count as u64;
        self.source.consume(count);
    }
}

/// The text of an element that is being collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    DatName,
    DatVersion,
    Serial,
}

#[derive(Default)]
struct Parser {
    dat: Dat,
    roms: usize,
    depth: usize,
    is_in_header: bool,
    has_root: bool,
    game: Option<Game>,
    field: Option<(Field, String)>,
}

impl Parser {
    /// Takes an event; returns false at the end of the document.
    fn take(&mut self, event: &Event<'_>, position: u64) -> Result<bool, Error> {
        match event {
            Event::Start(tag) => {
                self.depth += 1;
                if self.depth > limits::DEPTH {
                    return Err(TooMany::Depth.into());
                }
                self.open(tag, position)?;
            }
            Event::Empty(tag) => {
                if self.depth == 0 {
                    self.root(tag)?;
                    return Ok(true);
                }
                self.open(tag, position)?;
                self.close(tag.local_name().as_ref())?;
            }
            Event::End(tag) => {
                self.close(tag.local_name().as_ref())?;
                self.depth = self.depth.saturating_sub(1);
            }
            Event::Text(text) => self.add_text(&text.xml_content(XmlVersion::Implicit1_0), position)?,
            Event::CData(text) => self.add_text(&text.xml_content(XmlVersion::Implicit1_0), position)?,
            Event::GeneralRef(reference) => {
                let broken = |reason: String| Error::Xml { position, reason };
                let text = match reference.resolve_char_ref() {
                    Err(error) => return Err(broken(error.to_string())),
                    Ok(Some(letter)) => letter.to_string(),
                    Ok(None) => quick_xml::escape::resolve_predefined_entity(reference)
                        .ok_or_else(|| broken(format!("unknown entity &{};", short(reference))))?
                        .to_owned(),
                };
                self.add_text(&text, position)?;
            }
            // A system id is never followed. Declarations follow in brackets.
            Event::DocType(text) if text.contains('[') || text.contains("<!") => return Err(Error::Entities),
            Event::DocType(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => return Ok(false),
        }
        Ok(true)
    }

    fn root(&mut self, tag: &BytesStart<'_>) -> Result<(), Error> {
        if self.has_root || tag.local_name().as_ref() != "datafile" {
            return Err(Error::NotADat);
        }
        self.has_root = true;
        Ok(())
    }

    fn open(&mut self, tag: &BytesStart<'_>, position: u64) -> Result<(), Error> {
        if !self.has_root {
            return self.root(tag);
        }
        match tag.local_name().as_ref() {
            "header" if self.game.is_none() => self.is_in_header = true,
            "name" if self.is_in_header => self.field = Some((Field::DatName, String::new())),
            "version" if self.is_in_header => self.field = Some((Field::DatVersion, String::new())),
            // MAME and FinalBurn call them machines.
            "game" | "machine" if self.game.is_none() => {
                if self.dat.games.len() >= limits::GAMES {
                    return Err(TooMany::Games.into());
                }
                self.game = Some(game(tag, position)?);
            }
            "serial" if self.game.is_some() => self.field = Some((Field::Serial, String::new())),
            "rom" => {
                self.roms += 1;
                if self.roms > limits::ROMS {
                    return Err(TooMany::Roms.into());
                }
                if let Some(game) = &mut self.game {
                    match rom(tag, position, &mut game.serials)? {
                        Some(rom) => game.roms.push(rom),
                        None => self.dat.left_out += 1,
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), Error> {
        match name {
            "header" => self.is_in_header = false,
            "game" | "machine" => self.dat.games.extend(self.game.take()),
            "name" | "version" | "serial" => {
                if let Some((field, text)) = self.field.take() {
                    let text = text.trim();
                    match field {
                        Field::DatName => text.clone_into(&mut self.dat.name),
                        Field::DatVersion => text.clone_into(&mut self.dat.version),
                        Field::Serial => {
                            if let Some(game) = &mut self.game {
                                add_serials(&mut game.serials, text);
                            }
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn add_text(&mut self, text: &str, position: u64) -> Result<(), Error> {
        if let Some((_, collected)) = &mut self.field {
            if collected.len() + text.len() > limits::NAME {
                return Err(TooMany::Name.into());
            }
            collected.push_str(text);
        } else if !self.has_root && !text.trim_matches(['\u{FEFF}', ' ', '\t', '\r', '\n']).is_empty() {
            return Err(Error::NotADat);
        } else if text.contains('\0') {
            return Err(Error::Xml { position, reason: "it has a byte 0".into() });
        }
        Ok(())
    }

    fn finish(self, position: u64) -> Result<Dat, Error> {
        match (self.has_root, self.depth) {
            (false, _) => Err(Error::NotADat),
            (true, 0) => Ok(self.dat),
            (true, _) => Err(Error::CutOff(position)),
        }
    }

    /// Turns an error of the XML parser into ours.
    fn explain(&self, error: &quick_xml::Error, position: u64, is_at_end: bool) -> Error {
        match error {
            quick_xml::Error::Io(error) => {
                let limit = error.get_ref().and_then(|inner| inner.downcast_ref::<TooMany>());
                match limit {
                    Some(&limit) => limit.into(),
                    None if error.kind() == io::ErrorKind::InvalidData && !self.has_root => Error::NotADat,
                    None => Error::Io(io::Error::new(error.kind(), error.to_string())),
                }
            }
            quick_xml::Error::Encoding(_) if self.has_root => Error::Encoding(position),
            _ if !self.has_root => Error::NotADat,
            _ if is_at_end => Error::CutOff(position),
            error => Error::Xml { position, reason: error.to_string() },
        }
    }
}

/// The attributes of a tag, as name and value.
fn attributes<'t>(
    tag: &'t BytesStart<'_>,
    position: u64,
) -> impl Iterator<Item = Result<(&'t str, String), Error>> {
    let mut attributes = tag.attributes();
    // Comparing each with each would take long for a crafted tag.
    attributes.with_checks(false);
    attributes.enumerate().map(move |(place, attribute)| {
        if place >= limits::ATTRIBUTES {
            return Err(TooMany::Attributes.into());
        }
        let broken = |reason: String| Error::Xml { position, reason };
        let attribute = attribute.map_err(|error| broken(error.to_string()))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|error| broken(error.to_string()))?;
        Ok((attribute.key.into_inner(), value.into_owned()))
    })
}

fn game(tag: &BytesStart<'_>, position: u64) -> Result<Game, Error> {
    let mut game = Game::default();
    for attribute in attributes(tag, position) {
        match attribute? {
            ("name", value) => game.name = name(value)?,
            ("serial", value) => add_serials(&mut game.serials, &name(value)?),
            _ => {}
        }
    }
    Ok(game)
}

/// `None` for a file that nothing can be compared with.
fn rom(tag: &BytesStart<'_>, position: u64, serials: &mut Vec<String>) -> Result<Option<Rom>, Error> {
    let mut rom = Rom::default();
    let (mut size, mut is_dumped) = (None, true);
    for attribute in attributes(tag, position) {
        let (key, value) = attribute?;
        let wrong = |field, value: &str| Error::Value { field, value: short(value).to_owned(), position };
        match key {
            "name" => rom.name = name(value)?,
            "size" if value.trim().is_empty() => {}
            "size" => size = Some(value.trim().parse().map_err(|_| wrong("a size", &value))?),
            "crc" => {
                let bytes = hex::<4>(&value).map_err(|()| wrong("a CRC", &value))?;
                rom.crc32 = bytes.map(u32::from_be_bytes);
            }
            "md5" => rom.md5 = hex(&value).map_err(|()| wrong("an MD5", &value))?,
            "sha1" => rom.sha1 = hex(&value).map_err(|()| wrong("a SHA-1", &value))?,
            "serial" => add_serials(serials, &name(value)?),
            "status" => is_dumped = !value.eq_ignore_ascii_case("nodump"),
            _ => {}
        }
    }
    let has_hash = rom.crc32.is_some() || rom.md5.is_some() || rom.sha1.is_some();
    Ok(size.filter(|_| has_hash && is_dumped).map(|size| Rom { size, ..rom }))
}

fn name(value: String) -> Result<String, Error> {
    if value.len() > limits::NAME { Err(TooMany::Name.into()) } else { Ok(value) }
}

/// Several serials of one game stand in one field.
fn add_serials(serials: &mut Vec<String>, text: &str) {
    for serial in text.split([',', ';', '/']).map(str::trim) {
        if !serial.is_empty() && !serials.iter().any(|known| known == serial) {
            serials.push(serial.to_owned());
        }
    }
}

/// `None` for an empty field, which stands for an unknown hash.
fn hex<const N: usize>(text: &str) -> Result<Option<[u8; N]>, ()> {
    let digits = text.trim().as_bytes();
    if digits.is_empty() || digits == b"-" {
        return Ok(None);
    }
    if digits.len() != 2 * N {
        return Err(());
    }
    let digit =
        |letter: u8| char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or(());
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Ok(Some(bytes))
}

/// The beginning of a text, for a message.
fn short(text: &str) -> &str {
    const MOST: usize = 60;
    let end = (0..=text.len().min(MOST)).rev().find(|&end| text.is_char_boundary(end)).unwrap_or_default();
    &text[..end]
}
