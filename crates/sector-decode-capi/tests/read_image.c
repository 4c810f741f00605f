/* The program around read_image, for a PC: writes LEN bytes of the image in FILE from OFFSET on to standard output. */

#include <stdio.h>
#include <stdlib.h>

#include "../c/freestanding.c"

int main(int argc, char **argv)
{
    static uint8_t file[1 << 20], out[1 << 20];
    struct request request = { .file = file, .out = out };
    secdec_status status;
    FILE *from = argc == 4 ? fopen(argv[1], "rb") : NULL;

    if (from == NULL)
        return 100;
    request.file_size = fread(file, 1, sizeof file, from);
    request.offset = strtoull(argv[2], NULL, 10);
    request.len = strtoul(argv[3], NULL, 10);
    if (request.len > sizeof out)
        return 101;
    status = read_image(&request);
    if (status == SECDEC_OK)
        fwrite(out, 1, request.len, stdout);
    return (int)status;
}
