# Entry points that the kernel calls.
#
# The kernel passes words 5 to 8 in $t0 to $t3 and does not leave free space above its stack pointer. Rust
# code for this target finds them from 16($sp) on, and owns the 16 bytes below that. So each entry opens a
# frame with both, whether its function takes that many words or not.
#
#      0  home of the four words in registers, the callee's to use
#     16  words 5 to 8
#     32  $k1 of the caller
#     40  $gp of the caller, which its module needs back; the compiler treats it as an ordinary register
#     44  return address

    .section .text.incoming, "ax", @progbits
    .p2align 4
    .set noreorder
    .set noat

    .macro frame_open
    addiu   $sp, $sp, -48
    sw      $ra, 44($sp)
    sw      $gp, 40($sp)
    sw      $t0, 16($sp)
    sw      $t1, 20($sp)
    sw      $t2, 24($sp)
    sw      $t3, 28($sp)
    .endm

    .macro frame_close
    lw      $ra, 44($sp)
    lw      $gp, 40($sp)
    jr      $ra
    addiu   $sp, $sp, 48
    .endm

    .macro incoming name, target
    .globl  \name
\name:
    frame_open
    jal     \target
    nop
    frame_close
    .endm

# A function of the exported library. Programs reach it by a syscall, where the kernel has not prepared
# $k1: it is shifted as in the kernel's own functions, handed to the function as its third word, and zero
# while the function runs, so that the kernel functions it calls accept kernel pointers.
    .macro incoming_syscall name, target
    .globl  \name
\name:
    frame_open
    sw      $k1, 32($sp)
    sll     $a2, $k1, 11
    move    $k1, $zero
    jal     \target
    nop
    lw      $k1, 32($sp)
    frame_close
    .endm

    incoming module_start, {module_start}
    incoming module_stop, {module_stop}
    incoming cisor_io_open, {io_open}
    incoming cisor_io_close, {io_close}
    incoming cisor_io_read, {io_read}
    incoming cisor_io_lseek, {io_lseek}
    incoming cisor_io_ioctl, {io_ioctl}
    incoming cisor_io_devctl, {io_devctl}
    incoming cisor_on_own_stack, {on_own_stack}
    incoming cisor_log_thread, {log_thread}
    incoming_syscall cisorDriverStatus, {status}
    incoming_syscall cisorDriverGetImage, {image}
    incoming_syscall cisorDriverGetCounters, {counters}

    .set at
    .set reorder
