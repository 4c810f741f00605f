#!/bin/sh
# Makes the CHDs from what make.py has made. The first argument is chdman, 0.255 or later.
set -e
chdman=$1
for codec in lzma zlib huff flac zstd none; do "$chdman" createdvd -i image.iso -o "dvd-$codec.chd" -c $codec -f; done
for size in 2048 8192; do "$chdman" createdvd -i image.iso -o "dvd-$size.chd" -hs $size -f; done
for codec in cdlz cdzl cdfl cdzs; do "$chdman" createcd -i game.cue -o "cd-$codec.chd" -c $codec -f; done
"$chdman" createcd -i mode1.cue -o cd-mode1.chd -f
"$chdman" createcd -i image.iso -o cd-iso.chd -f
"$chdman" createraw -i game.bin -o raw-game.chd -us 2352 -hs 18816 -f
cp image.iso changed.iso
printf x | dd of=changed.iso bs=1 seek=40960 conv=notrunc
"$chdman" createdvd -i changed.iso -op dvd-lzma.chd -o dvd-child.chd -f
rm changed.iso
