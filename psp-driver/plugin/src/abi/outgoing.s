# Calls into the kernel with more than four words.
#
# Rust code for this target puts words 5 and up at 16($sp); the kernel expects them in $t0 to $t3. Each
# shim moves them and jumps on: the kernel function returns straight to the Rust caller.

    .section .text.outgoing, "ax", @progbits
    .p2align 4
    .set noreorder

    .macro outgoing name, target, words
    .globl  \name
\name:
    .if \words > 4
    lw      $t0, 16($sp)
    .endif
    .if \words > 5
    lw      $t1, 20($sp)
    .endif
    .if \words > 6
    lw      $t2, 24($sp)
    .endif
    j       \target
    nop
    .endm

    outgoing cisor_io_devctl_call, sceIoDevctl, 6
    # A 64-bit offset takes the aligned pair $a2:$a3 in both conventions, and $a1 stays free.
    outgoing cisor_io_lseek_call, sceIoLseek, 5
    outgoing cisor_create_sema, sceKernelCreateSema, 5
    outgoing cisor_alloc_partition, sceKernelAllocPartitionMemory, 5
    outgoing cisor_create_thread, sceKernelCreateThread, 6

# The same for functions that are only known at run time: their address is the last word.
    .macro forwarding name, words, address
    .globl  \name
\name:
    lw      $t0, 16($sp)
    .if \words > 5
    lw      $t1, 20($sp)
    .endif
    .if \words > 6
    lw      $t2, 24($sp)
    .endif
    lw      $t9, \address($sp)
    jr      $t9
    nop
    .endm

    forwarding cisor_forward_lseek, 5, 20
    forwarding cisor_forward_ioctl, 6, 24
    forwarding cisor_forward_devctl, 7, 28

# The current $k1: bit 31 is set while a program's own call is served.
    .globl  cisor_k1
cisor_k1:
    jr      $ra
    move    $v0, $k1

    .set reorder
