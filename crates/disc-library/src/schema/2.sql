-- The other files of an image: those that a CUE sheet names. A change of one is a change of the image.
CREATE TABLE part (
    file INTEGER NOT NULL REFERENCES file (id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    size INTEGER NOT NULL,
    mtime INTEGER NOT NULL,
    inode INTEGER
) STRICT;
CREATE INDEX part_file ON part (file);
