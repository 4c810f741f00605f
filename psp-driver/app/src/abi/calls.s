# The two boundaries of the program: entries that the kernel calls, and calls with more than four words.
#
# The PSP's kernel passes words 5 to 8 in $t0 to $t3 and does not leave free space above its stack
# pointer. Rust for this target expects them from 16($sp) on, and owns the 16 bytes below that.

    .section .text.calls, "ax", @progbits
    .p2align 4
    .set noreorder

    .macro incoming name, target
    .globl  \name
\name:
    addiu   $sp, $sp, -24
    sw      $ra, 20($sp)
    jal     \target
    nop
    lw      $ra, 20($sp)
    jr      $ra
    addiu   $sp, $sp, 24
    .endm

    incoming module_start, {module_start}
    incoming cisor_program, {program}
    incoming cisor_home_thread, {home_thread}
    incoming cisor_home_pressed, {home_pressed}

    .macro outgoing name, target, words
    .globl  \name
\name:
    lw      $t0, 16($sp)
    .if \words > 5
    lw      $t1, 20($sp)
    .endif
    j       \target
    nop
    .endm

    # A 64-bit offset takes the aligned pair $a2:$a3 in both conventions, and $a1 stays free.
    outgoing cisor_io_lseek_call, sceIoLseek, 5
    outgoing cisor_io_devctl_call, sceIoDevctl, 6
    outgoing cisor_create_thread, sceKernelCreateThread, 6
    outgoing cisor_alloc_partition, sceKernelAllocPartitionMemory, 5

    .set reorder
