/* What the static library takes from the C library besides memcpy and its kin: a panic calls it. Stops the emulator. */

_Noreturn void abort(void);

void abort(void)
{
    __builtin_trap();
}
